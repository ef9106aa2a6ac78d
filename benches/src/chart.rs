//! A picture of some figures: horizontal bars on a logarithmic scale, as SVG that can be read on a light and on a dark page.

use std::fmt::{self, Write};

/// Some groups of bars under a title.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// What the numbers are.
    pub axis: String,
    /// Where its ticks are.
    pub scale: Scale,
    /// From top to bottom.
    pub groups: Vec<Group>,
}

/// Where a logarithmic scale has its ticks: at `from`, and at each next multiple by `step` up to the longest bar.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Its left end. What is below has no length.
    pub from: f64,
    /// How many times the one before each tick is; more than 1.
    pub step: f64,
}

/// Bars that belong together.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they have in common; nothing is written where it is empty.
    pub label: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Whose it is, on its left.
    pub label: String,
    /// How long it is.
    pub value: f64,
    /// The value and more about it, on its right.
    pub note: String,
    /// Whether it is one of those that the chart is about.
    pub is_own: bool,
}

const WIDTH: usize = 860;
const LEFT: usize = 200;
/// The longest bar; what is right of it is for its note.
const LENGTH: usize = 400;
const TOP: usize = 62;
const STEP: usize = 26;
const THICKNESS: usize = 16;
const AXIS: usize = 44;

/// One pair of colours has enough contrast on white and on black; text follows the page.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title, .group { font-weight: 600 } .title { font-size: 15px } \
.dim { fill: #59636e } .own { fill: #1a7f64 } .other { fill: #8a93a0 } line { stroke: #8a93a0; stroke-opacity: .35 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .dim { fill: #9da7b3 } .own { fill: #3fb68b } .other { fill: #6e7681 } }";

impl Chart {
    /// The picture, a file of its own.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        self.write(&mut svg).expect("a string takes everything");
        svg
    }

    fn write(&self, svg: &mut String) -> fmt::Result {
        let lines: usize = self.groups.iter().map(Group::lines).sum();
        let bottom = TOP + lines * STEP;
        let (title, height) = (escaped(&self.title), bottom + AXIS);
        writeln!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">"#)?;
        writeln!(svg, "<title>{title}</title>\n<style>\n{STYLE}\n</style>")?;
        writeln!(svg, r#"<text class="title" x="12" y="26">{title}</text>"#)?;
        writeln!(svg, r#"<text class="dim" x="12" y="46">{}</text>"#, escaped(&self.axis))?;
        for tick in self.ticks() {
            let x = LEFT as f64 + self.length(tick);
            writeln!(svg, r#"<line x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{bottom}"/>"#)?;
            let (y, tick) = (bottom + 20, if tick < 1.0 { tick.to_string() } else { grouped(tick) });
            writeln!(svg, r#"<text class="dim" text-anchor="middle" x="{x:.1}" y="{y}">{tick}</text>"#)?;
        }
        let mut y = TOP;
        for group in &self.groups {
            self.write_group(svg, group, y)?;
            y += group.lines() * STEP;
        }
        writeln!(svg, "</svg>")
    }

    fn write_group(&self, svg: &mut String, group: &Group, mut y: usize) -> fmt::Result {
        if !group.label.is_empty() {
            let text_y = y + STEP - 8;
            writeln!(svg, r#"<text class="group" x="12" y="{text_y}">{}</text>"#, escaped(&group.label))?;
            y += STEP;
        }
        for (at, bar) in group.bars.iter().enumerate() {
            self.write_bar(svg, bar, y + at * STEP + (STEP - THICKNESS) / 2)?;
        }
        Ok(())
    }

    fn write_bar(&self, svg: &mut String, bar: &Bar, y: usize) -> fmt::Result {
        let class = if bar.is_own { "own" } else { "other" };
        let (length, text_y) = (self.length(bar.value), y + THICKNESS - 3);
        let (label, note) = (escaped(&bar.label), escaped(&bar.note));
        writeln!(svg, r#"<text text-anchor="end" x="{}" y="{text_y}">{label}</text>"#, LEFT - 8)?;
        writeln!(svg, r#"<rect class="{class}" x="{LEFT}" y="{y}" width="{length:.1}" height="{THICKNESS}" rx="2"/>"#)?;
        writeln!(svg, r#"<text x="{:.1}" y="{text_y}">{note}</text>"#, LEFT as f64 + length + 6.0)
    }

    /// The ticks, of which the last one lies at or behind the end of the longest bar.
    fn ticks(&self) -> Vec<f64> {
        let bars = self.groups.iter().flat_map(|group| &group.bars);
        let longest = bars.map(|bar| bar.value).fold(self.scale.from, f64::max);
        let mut ticks = vec![self.scale.from, self.scale.from * self.scale.step];
        while ticks[ticks.len() - 1] < longest {
            ticks.push(ticks[ticks.len() - 1] * self.scale.step);
        }
        ticks
    }

    fn length(&self, value: f64) -> f64 {
        let end = self.ticks().into_iter().fold(self.scale.from, f64::max);
        (value / self.scale.from).max(1.0).ln() / (end / self.scale.from).ln() * LENGTH as f64
    }
}

impl Group {
    fn lines(&self) -> usize {
        self.bars.len() + usize::from(!self.label.is_empty())
    }
}

/// A whole number with commas between thousands.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value <= -0.5 { format!("−{grouped}") } else { grouped }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[f64]) -> Chart {
        let bar = |value: &f64| Bar { label: "a<b".into(), value: *value, note: grouped(*value), is_own: true };
        let group = Group { label: "all".into(), bars: values.iter().map(bar).collect() };
        let scale = Scale { from: 1.0, step: 10.0 };
        Chart { title: "T".into(), axis: "bytes".into(), scale, groups: vec![group] }
    }

    #[test]
    fn a_bar_grows_with_the_logarithm_of_its_value() {
        let svg = chart(&[100.0, 10_000.0, 0.0]).svg();
        for width in ["200.0", "400.0", "0.0"] {
            assert!(svg.contains(&format!(r#"width="{width}""#)), "{svg}");
        }
        assert!(svg.contains(">10,000</text>"));
        assert_eq!((svg.matches("<rect").count(), svg.matches("<line").count()), (3, 5));
    }

    #[test]
    fn a_scale_may_begin_anywhere() {
        let mut chart = chart(&[1.0, 2.0]);
        chart.scale = Scale { from: 0.5, step: 2.0 };
        assert!(chart.svg().contains(r#"width="200.0""#));
    }

    #[test]
    fn text_is_escaped() {
        assert!(chart(&[1.0]).svg().contains("a&lt;b"));
    }

    #[test]
    fn thousands_are_parted() {
        let texts = [0.0, 999.6, 16_384.0, 1_234_567.0, -4096.0].map(grouped);
        assert_eq!(texts, ["0", "1,000", "16,384", "1,234,567", "−4,096"]);
    }
}
