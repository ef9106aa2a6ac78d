//! How servers are compared: in a round all of them are up together and are measured in turn, slice by slice, so that whatever
//! else the machine does falls on all of them. A ratio is that of two slices of the same turn.

use crate::{
    measure::{Bench, Dose, Latency, Sample, Subject},
    stats::Spread,
    workload::Workload,
};
use rustix::process::{Resource, getrlimit};
use std::io;

/// Descriptors of the client that are for other things than connections.
const DESCRIPTORS_SPARE: usize = 100;

/// What is done again and again.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// Where and how.
    pub bench: &'a Bench,
    /// What is asked.
    pub workload: &'a Workload,
    /// Of whom; the first is the one that the others are measured against.
    pub servers: &'a [&'static str],
    /// How many turns there are, in each of which every server is measured once.
    pub turns: usize,
    /// How much is asked of each.
    pub dose: Dose,
}

/// What a round found of one server.
#[derive(Clone, Debug)]
pub struct Found {
    /// One sample a turn.
    pub samples: Vec<Sample>,
    /// What it is of the first server's slice in the same turn, or of its own without idle connections.
    pub ratios: Vec<f64>,
    /// Latencies at a fixed rate, where they are measured: one a turn, too, after all samples.
    pub latencies: Vec<Latency>,
    /// Resident memory, where it is read.
    pub resident_mib: Option<f64>,
}

impl Round<'_> {
    /// Carries it out: what it found, server by server. `told` hears what is done, and how many slices have
    /// been measured by it.
    ///
    /// # Errors
    /// When a server cannot be started, or fails a request.
    pub fn run(&self, told: &mut dyn FnMut(&str, usize)) -> io::Result<Vec<Found>> {
        if self.workload.is_beside_idle() {
            self.servers.iter().map(|server| self.beside_idle(server, told)).collect()
        } else if self.fits() {
            self.together(told)
        } else {
            self.apart(told)
        }
    }

    /// Whether this process may have the connections to all servers open at once.
    fn fits(&self) -> bool {
        let needed = self.servers.len() * self.workload.descriptors() + DESCRIPTORS_SPARE;
        getrlimit(Resource::Nofile).current.is_none_or(|most| needed as u64 <= most)
    }

    fn together(&self, told: &mut dyn FnMut(&str, usize)) -> io::Result<Vec<Found>> {
        let mut subjects = Vec::new();
        for server in self.servers {
            subjects.push(self.start(server, told)?);
        }
        let samples = self.measure(&mut subjects, self.servers, told)?;
        let ratios: Vec<_> = samples.iter().map(|of_server| in_turn(of_server, &samples[0])).collect();
        told(&format!("{}: latencies", self.workload.name), 0);
        let latencies = match self.dose.pace {
            Some(pace) => self.in_turns(&mut subjects, |subject, _| subject.pace(pace))?,
            None => vec![Vec::new(); subjects.len()],
        };
        let mut found = Vec::new();
        for (((subject, samples), ratios), latencies) in subjects.into_iter().zip(samples).zip(ratios).zip(latencies) {
            found.push(Found { samples, ratios, latencies, resident_mib: subject.resident_mib });
            subject.stop()?;
        }
        Ok(found)
    }

    /// One after the other, each against the median of the first.
    fn apart(&self, told: &mut dyn FnMut(&str, usize)) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        let mut first_us = None;
        for server in self.servers {
            let mut subjects = [self.start(server, told)?];
            let samples = self.measure(&mut subjects, &[server], told)?.remove(0);
            let [subject] = subjects;
            let own: Vec<f64> = samples.iter().map(|sample| sample.cpu_us).collect();
            let first_us = *first_us.get_or_insert(Spread::of(&own).map_or(f64::NAN, |spread| spread.median));
            let ratios = own.iter().map(|cpu_us| cpu_us / first_us).collect();
            found.push(Found { samples, ratios, latencies: Vec::new(), resident_mib: subject.resident_mib });
            subject.stop()?;
        }
        Ok(found)
    }

    /// One server twice, with and without idle connections.
    fn beside_idle(&self, server: &str, told: &mut dyn FnMut(&str, usize)) -> io::Result<Found> {
        let mut subjects = [self.start(server, told)?, self.start(server, told)?];
        subjects[1].crowd(self.workload)?;
        let mut samples = self.measure(&mut subjects, &[server, server], told)?;
        for subject in subjects {
            subject.stop()?;
        }
        let crowded = samples.remove(1);
        let ratios = in_turn(&crowded, &samples[0]);
        Ok(Found { ratios, samples: crowded, latencies: Vec::new(), resident_mib: None })
    }

    fn start(&self, server: &str, told: &mut dyn FnMut(&str, usize)) -> io::Result<Subject> {
        told(&format!("{}: {server} starts", self.workload.name), 0);
        Subject::start(self.bench, self.workload, server, self.dose.slice)
    }

    fn measure(
        &self,
        subjects: &mut [Subject],
        names: &[&str],
        told: &mut dyn FnMut(&str, usize),
    ) -> io::Result<Vec<Vec<Sample>>> {
        self.in_turns(subjects, |subject, at| {
            let sample = subject.measure(self.dose.slice)?;
            told(&format!("{}: {}", self.workload.name, names[at]), 1);
            Ok(sample)
        })
    }

    /// All turns; in each, another subject is the first. `measure` is told which one it measures.
    fn in_turns<T: Clone>(
        &self,
        subjects: &mut [Subject],
        mut measure: impl FnMut(&mut Subject, usize) -> io::Result<T>,
    ) -> io::Result<Vec<Vec<T>>> {
        let mut measured = vec![Vec::new(); subjects.len()];
        for turn in 0..self.turns {
            for place in 0..subjects.len() {
                let at = (turn + place) % subjects.len();
                measured[at].push(measure(&mut subjects[at], at)?);
            }
        }
        Ok(measured)
    }
}

fn in_turn(samples: &[Sample], base: &[Sample]) -> Vec<f64> {
    samples.iter().zip(base).map(|(sample, base)| sample.cpu_us / base.cpu_us).collect()
}
