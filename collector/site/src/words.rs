//! Sizes, times, counts and lists as a technician says them: the same words in events, on pages and on the command line.

use jiff::{SignedDuration, Timestamp};

/// Bytes of memory, in the binary units that memory is sold in: "16 GB".
pub fn memory(bytes: u64) -> String {
    scaled(bytes, 1024.0)
}

/// Bytes of a disk, in the decimal units that disks are sold in: "256 GB".
pub fn disk(bytes: u64) -> String {
    scaled(bytes, 1000.0)
}

#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn scaled(bytes: u64, step: f64) -> String {
    let (mut value, mut unit) = (bytes as f64, "bytes");
    for next in ["kB", "MB", "GB", "TB", "PB"] {
        if value < step {
            break;
        }
        (value, unit) = (value / step, next);
    }
    if value < 10.0 && value.fract() > 0.05 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

/// A number with its noun: "1 machine", "3 machines".
pub fn count(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// A moment in a text that is kept: "2026-12-01 21:33 UTC". Pages say it in the site's own time.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}

/// How long ago, in the largest unit that says it: "12 s", "3 min", "5 h", "2 days".
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(then))
}

/// A length of time in the largest unit that says it.
pub fn span(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The first `most` of some sentences, and how many more there are.
pub(crate) fn first(mut sentences: Vec<String>, most: usize) -> Vec<String> {
    let more = sentences.len().saturating_sub(most);
    if more > 1 {
        sentences.truncate(most);
        sentences.push(format!("and {more} more"));
    }
    sentences
}

/// A sentence of at most `most` characters; a longer one ends with "…".
pub(crate) fn cut(sentence: String, most: usize) -> String {
    match sentence.char_indices().nth(most) {
        Some((end, _)) => sentence.get(..end).map_or_else(String::new, |begin| format!("{begin}…")),
        None => sentence,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_on_the_box() {
        assert_eq!(memory(16 << 30), "16 GB");
        assert_eq!(memory(512 << 20), "512 MB");
        assert_eq!(disk(256_060_514_304), "256 GB");
        assert_eq!(disk(1_000_204_886_016), "1 TB");
        assert_eq!(disk(1_500_000_000_000), "1.5 TB");
        assert_eq!(memory(0), "0 bytes");
    }

    #[test]
    fn numbers_and_moments_read_as_said() {
        assert_eq!([0, 1, 2].map(|number| count(number, "machine", "machines")), ["0 machines", "1 machine", "2 machines"]);
        assert_eq!(utc("2026-12-01T21:33:58.943Z".parse().unwrap()), "2026-12-01 21:33 UTC");
    }

    #[test]
    fn lengths_use_the_largest_unit() {
        for (seconds, want) in [(5, "5 s"), (180, "3 min"), (5 * 3600, "5 h"), (4 * 86_400, "4 days"), (-3, "0 s")] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), want);
        }
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let list = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!(first(list(3), 2).len(), 3);
        assert_eq!(first(list(9), 2), ["0", "1", "and 7 more"]);
    }
}
