//! Every legal move of a request/response cycle, in one table. Sees no bytes.
//!
//! ```text
//!           Head                 BodyEnd
//!   Idle ─────────► Body ──────────────────► Owed            a request is read …
//!                    │ AnswerBegin            │ AnswerBegin
//!                    ▼          BodyEnd       ▼
//!                   Early ────────────────► Answering        … and answered, …
//!                    │ AnswerEnd              │ AnswerEnd
//!                    ▼          BodyEnd       ▼
//!                 Draining ───────────────► Idle, or Closing … then comes the next, or the end
//! ```

/// Where a connection stands in its current request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing of a request has been accepted yet.
    Idle,
    /// The head is accepted, the body arrives, nothing is answered.
    Body,
    /// The request is whole, the answer is owed.
    Owed,
    /// The answer has begun while the body still arrives.
    Early,
    /// The request is whole and the answer has begun.
    Answering,
    /// The answer has ended; the rest of the body is read and thrown away.
    Draining,
    /// No request is read any more; what is queued leaves, then the connection ends.
    Closing,
}

/// What happens to a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A head without a body is accepted.
    Head,
    /// A head that announces a body is accepted.
    HeadOfBody,
    /// The body has ended.
    BodyEnd,
    /// The first byte of the final answer is written.
    AnswerBegin,
    /// The last byte of the answer is written.
    AnswerEnd,
    /// The last byte of the answer is written and the connection may not be used again.
    LastAnswerEnd,
    /// The connection must end: an error, or nothing to wait for.
    Stop,
}

impl State {
    /// The state after `step`, or `None` where the move is not legal.
    pub fn after(self, step: Move) -> Option<State> {
        use Move::*;
        use State::*;
        Some(match (self, step) {
            (Idle, Head) => Owed,
            (Idle, HeadOfBody) => Body,
            (Body, BodyEnd) => Owed,
            (Body, AnswerBegin) => Early,
            (Owed, AnswerBegin) => Answering,
            (Early, BodyEnd) => Answering,
            (Early, AnswerEnd) => Draining,
            (Early, LastAnswerEnd) => Closing,
            (Answering, AnswerEnd) => Idle,
            (Answering, LastAnswerEnd) => Closing,
            (Draining, BodyEnd) => Idle,
            (_, Stop) => Closing,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the order of a request.
    const STATES: [State; 7] =
        [State::Idle, State::Body, State::Owed, State::Early, State::Answering, State::Draining, State::Closing];

    const MOVES: [Move; 7] = [
        Move::Head,
        Move::HeadOfBody,
        Move::BodyEnd,
        Move::AnswerBegin,
        Move::AnswerEnd,
        Move::LastAnswerEnd,
        Move::Stop,
    ];

    /// The whole table, a line for each state, as it is printed below.
    fn table() -> String {
        let row = |state: State| {
            let legal = MOVES.iter().filter_map(|&step| Some(format!(" {step:?}→{:?}", state.after(step)?)));
            format!("{state:?}:{}\n", legal.collect::<String>())
        };
        STATES.iter().map(|&state| row(state)).collect()
    }

    #[test]
    fn the_whole_table() {
        let expected = "\
Idle: Head→Owed HeadOfBody→Body Stop→Closing
Body: BodyEnd→Owed AnswerBegin→Early Stop→Closing
Owed: AnswerBegin→Answering Stop→Closing
Early: BodyEnd→Answering AnswerEnd→Draining LastAnswerEnd→Closing Stop→Closing
Answering: AnswerEnd→Idle LastAnswerEnd→Closing Stop→Closing
Draining: BodyEnd→Idle Stop→Closing
Closing: Stop→Closing
";
        assert_eq!(table(), expected);
    }
}
