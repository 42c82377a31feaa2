//! The order of versions, judged by the programs whose order it is: dpkg and rpm.

use rollcall_site::version::Scheme;
use std::cmp::Ordering;
use std::io::Write;
use std::process::{Command, Stdio};

/// A stream of numbers that is the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % count as u64) as usize
    }

    /// A version of these pieces that begins with a digit.
    fn version(&mut self, pieces: &[&str]) -> String {
        let mut version = self.below(3).to_string();
        for _ in 0..self.below(6) {
            version += pieces[self.below(pieces.len())];
        }
        version
    }

    /// Two versions that are often alike for a while.
    fn pair(&mut self, pieces: &[&str]) -> (String, String) {
        let a = self.version(pieces);
        if self.below(3) == 0 {
            return (a, self.version(pieces));
        }
        let keep = self.below(a.len()) + 1;
        let mut b = a[..keep].to_owned();
        for _ in 0..self.below(3) {
            b += pieces[self.below(pieces.len())];
        }
        (a, b)
    }
}

fn pairs(count: usize, pieces: &[&str]) -> Vec<(String, String)> {
    let mut chance = Chance(0x005e_ed0f_5eed);
    (0..count).map(|_| chance.pair(pieces)).collect()
}

/// What a program prints that is given the pairs, a line each, in one call.
fn judged(program: &mut Command, pairs: &[(String, String)]) -> String {
    let name = format!("{:?}", program.get_program());
    let child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child =
        child.unwrap_or_else(|why| panic!("{name} can't be started ({why}): the order of versions has no judge; install its package"));
    let lines: String = pairs.iter().map(|(a, b)| format!("{a} {b}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn check(scheme: Scheme, pairs: &[(String, String)], answers: &str) {
    let orders: Vec<Ordering> = answers.split_whitespace().map(|sign| sign.parse::<i32>().unwrap().cmp(&0)).collect();
    assert_eq!(orders.len(), pairs.len(), "the judge answered all of them");
    assert!([Ordering::Less, Ordering::Equal, Ordering::Greater].iter().all(|order| orders.contains(order)), "every answer was given");
    for ((a, b), order) in pairs.iter().zip(orders) {
        assert_eq!(scheme.compare(a, b), order, "{scheme:?}: {a} against {b}");
    }
}

#[test]
fn rpm_agrees_with_the_order_of_rpm_versions() {
    let pieces = ["0", "1", "9", "10", "01", "a", "b", "rc", "Z", ".", "..", "_", "+", "~", "^", "~rc", "^git"];
    let mut pairs = pairs(3_000, &pieces);
    // Epochs and releases, as packages have them.
    let whole: Vec<(String, String)> = pairs.iter().take(500).map(|(a, b)| (format!("1:{a}-{b}"), format!("1:{a}-{a}"))).collect();
    pairs.extend(whole);
    pairs.push(("2:1".to_owned(), "1:3".to_owned()));
    let script = r#"%{lua:for line in io.lines() do local at = string.find(line, " ", 1, true) print(rpm.vercmp(string.sub(line, 1, at - 1), string.sub(line, at + 1)) .. " ") end}"#;
    check(Scheme::Rpm, &pairs, &judged(Command::new("rpm").args(["--eval", script]), &pairs));
}

#[test]
fn dpkg_agrees_with_the_order_of_debian_versions() {
    let pieces = ["0", "1", "9", "10", "01", "a", "b", "rc", "Z", ".", "+", "~", "~rc", "+deb12u1", "-1", "-0"];
    let mut pairs = pairs(300, &pieces);
    // A revision that is empty is no version to dpkg.
    pairs.retain(|(a, b)| !a.ends_with('-') && !b.ends_with('-'));
    pairs.push(("1:0.1".to_owned(), "2".to_owned()));
    let script = r#"is() { dpkg --compare-versions "$a" "$1" "$b"; }
        while read -r a b; do
            is lt; below=$?
            is eq; same=$?
            case $below$same in 01) echo -1 ;; 10) echo 0 ;; 11) echo 1 ;; *) echo "dpkg refuses $a or $b" ;; esac
        done"#;
    check(Scheme::Debian, &pairs, &judged(Command::new("sh").args(["-c", script]), &pairs));
}
