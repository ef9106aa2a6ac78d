//! A picture of some figures: horizontal bars on a logarithmic scale, as SVG that can be read on a light and on a dark page.

use std::fmt::{self, Write};

/// Some bars under a title.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is shown.
    pub title: String,
    /// What the numbers are.
    pub axis: String,
    /// From top to bottom.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Whose it is, on its left.
    pub label: String,
    /// How long it is. What is below 1 has no length.
    pub value: f64,
    /// More about it, on its right, behind the value.
    pub note: String,
    /// Whether it is one of those that the chart is about.
    pub is_own: bool,
}

const WIDTH: usize = 860;
const LEFT: usize = 150;
/// The longest bar; what is right of it is for value and note.
const LENGTH: usize = 440;
const TOP: usize = 62;
const STEP: usize = 26;
const THICKNESS: usize = 16;
const AXIS: usize = 44;

/// One pair of colours has enough contrast on white and on black; text follows the page.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600; font-size: 15px } .dim { fill: #59636e }
.own { fill: #1a7f64 } .other { fill: #8a93a0 } line { stroke: #8a93a0; stroke-opacity: .35 }
@media (prefers-color-scheme: dark) { text { fill: #f0f6fc } .dim { fill: #9da7b3 } .own { fill: #3fb68b } .other { fill: #6e7681 } }";

impl Chart {
    /// The picture, a file of its own.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        self.write(&mut svg).expect("a string takes everything");
        svg
    }

    fn write(&self, svg: &mut String) -> fmt::Result {
        let bottom = TOP + self.bars.len() * STEP;
        let height = bottom + AXIS;
        let title = escaped(&self.title);
        writeln!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">"#)?;
        writeln!(svg, "<title>{title}</title>\n<style>\n{STYLE}\n</style>")?;
        writeln!(svg, r#"<text class="title" x="12" y="26">{title}</text>"#)?;
        writeln!(svg, r#"<text class="dim" x="12" y="46">{}</text>"#, escaped(&self.axis))?;
        for power in 0..=self.powers() {
            let x = LEFT as f64 + self.length(10_f64.powi(power));
            writeln!(svg, r#"<line x1="{x:.1}" y1="{TOP}" x2="{x:.1}" y2="{bottom}"/>"#)?;
            let tick = grouped(10_f64.powi(power));
            writeln!(svg, r#"<text class="dim" text-anchor="middle" x="{x:.1}" y="{}">{tick}</text>"#, bottom + 20)?;
        }
        for (at, bar) in self.bars.iter().enumerate() {
            self.write_bar(svg, bar, TOP + at * STEP + (STEP - THICKNESS) / 2)?;
        }
        writeln!(svg, "</svg>")
    }

    fn write_bar(&self, svg: &mut String, bar: &Bar, y: usize) -> fmt::Result {
        let class = if bar.is_own { "own" } else { "other" };
        let (length, text_y) = (self.length(bar.value), y + THICKNESS - 3);
        let (label, value, note) = (escaped(&bar.label), grouped(bar.value), escaped(&bar.note));
        writeln!(svg, r#"<text text-anchor="end" x="{}" y="{text_y}">{label}</text>"#, LEFT - 8)?;
        writeln!(svg, r#"<rect class="{class}" x="{LEFT}" y="{y}" width="{length:.1}" height="{THICKNESS}" rx="2"/>"#)?;
        let x = LEFT as f64 + length + 6.0;
        writeln!(svg, r#"<text x="{x:.1}" y="{text_y}">{value} <tspan class="dim">{note}</tspan></text>"#)
    }

    /// The power of ten at the right end of the scale.
    fn powers(&self) -> i32 {
        let largest = self.bars.iter().map(|bar| bar.value).fold(10.0, f64::max);
        largest.log10().ceil() as i32
    }

    fn length(&self, value: f64) -> f64 {
        value.max(1.0).log10() / f64::from(self.powers()) * LENGTH as f64
    }
}

/// A whole number with commas between thousands.
fn grouped(value: f64) -> String {
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
        let bar = |value: &f64| Bar { label: "a<b".into(), value: *value, note: "no threads".into(), is_own: true };
        Chart { title: "T".into(), axis: "bytes".into(), bars: values.iter().map(bar).collect() }
    }

    #[test]
    fn a_bar_grows_with_the_logarithm_of_its_value() {
        let svg = chart(&[100.0, 10_000.0, 0.0]).svg();
        for width in ["220.0", "440.0", "0.0"] {
            assert!(svg.contains(&format!(r#"width="{width}""#)), "{svg}");
        }
        assert!(svg.contains("10,000 <tspan"));
        assert_eq!(svg.matches("<rect").count(), 3);
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
