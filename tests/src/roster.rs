//! A made-up school as its student information system exports it: students, staff, families and classes, in OneRoster files.

use anyhow::Context;
use rollcall::feeds::oneroster;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

const GIVEN: [&str; 24] = [
    "Maya", "Ben", "Ana", "Leo", "Nia", "Omar", "Ivy", "Sam", "Lena", "Kai", "Rosa", "Theo", "Zoe", "Amir", "Nora", "Eli", "Aiko", "Joel",
    "Dina", "Hugo", "Mina", "Paul", "Tara", "Yan",
];
const FAMILY: [&str; 29] = [
    "Torres", "Ode", "Ruiz", "Lind", "Okafor", "Haddad", "Berg", "Novak", "Sato", "Kim", "Moreau", "Silva", "Weber", "Rossi", "Khan",
    "Nguyen", "Olsen", "Farah", "Costa", "Meyer", "Ivanova", "Dubois", "Tanaka", "Garcia", "Hansen", "Yilmaz", "Petrov", "Adeyemi",
    "Lopez",
];
const SUBJECTS: [&str; 6] = ["Algebra", "English", "Science", "History", "Art", "Spanish"];
/// Students of one class.
const CLASS: usize = 25;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Everything.
    Bulk,
    /// What has changed.
    Delta,
}

/// Somebody of the school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The key.
    pub source: String,
    /// The number on the card.
    pub card: String,
    /// "student", "teacher", "guardian".
    pub role: &'static str,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The grade; empty: none.
    pub grade: String,
    /// Whether they are to be deleted; in a file of changes only.
    pub is_gone: bool,
}

/// A school on paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Its people, students first.
    pub people: Vec<Made>,
}

impl Roster {
    /// A school of so many students; one in twenty people more is staff, and one in ten is somebody's family. The same every time.
    pub fn of(students: usize) -> Self {
        let person = |number: usize, kind: &str, role: &'static str, card: usize| Made {
            source: format!("{kind}-{number:06}"),
            card: card.to_string(),
            role,
            given: GIVEN[number % GIVEN.len()].to_owned(),
            family: FAMILY[number / GIVEN.len() % FAMILY.len()].to_owned() + &suffix(number / GIVEN.len() / FAMILY.len()),
            grade: if role == "student" { format!("{:02}", 6 + number % 3) } else { String::new() },
            is_gone: false,
        };
        let students_made = (0..students).map(|number| person(number, "stu", "student", 20_001 + number));
        let staff = (0..students.div_ceil(20)).map(|number| person(number * 7 + 3, "tea", "teacher", 900_001 + number));
        let family = (0..students / 10).map(|number| person(number * 11 + 5, "gua", "guardian", 950_001 + number));
        Self { people: students_made.chain(staff).chain(family).collect() }
    }

    /// The same without these cards.
    #[must_use]
    pub fn without(&self, cards: &[&str]) -> Self {
        Self { people: self.people.iter().filter(|person| !cards.contains(&person.card.as_str())).cloned().collect() }
    }

    /// The files by name, with more in them than anybody should read.
    ///
    /// # Errors
    /// None that happens: text is written into memory.
    pub fn files(&self, kind: Kind) -> anyhow::Result<BTreeMap<&'static str, String>> {
        let word = if kind == Kind::Bulk { "bulk" } else { "delta" };
        let rest = if kind == Kind::Bulk { "bulk" } else { "absent" };
        let manifest = format!(
            "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nsource.systemName,Made-up SIS\nfile.orgs,{word}\nfile.users,{word}\n\
             file.classes,{rest}\nfile.enrollments,{rest}\nfile.demographics,{rest}\n"
        );
        let status = if kind == Kind::Bulk { "," } else { "active,2026-11-01T06:00:00.000Z" };
        let mut orgs = "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n".to_owned();
        writeln!(orgs, "org-1,{status},Lincoln Middle,school,0101,")?;
        let mut files = BTreeMap::from([("manifest.csv", manifest), ("orgs.csv", orgs), ("users.csv", self.users(kind)?)]);
        if kind == Kind::Bulk {
            files.extend(self.classes()?);
            files.insert("demographics.csv", self.demographics()?);
        }
        Ok(files)
    }

    fn users(&self, kind: Kind) -> anyhow::Result<String> {
        let mut text = "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,\
                        identifier,email,sms,phone,agentSourcedIds,grades,password\n"
            .to_owned();
        for Made { source, card, role, given, family, grade, is_gone } in &self.people {
            let status = match kind {
                Kind::Bulk => ",",
                Kind::Delta if *is_gone => "tobedeleted,2026-11-01T06:00:00.000Z",
                Kind::Delta => "active,2026-11-01T06:00:00.000Z",
            };
            let mail = format!("{}.{}.{card}@lincoln.example", given.to_lowercase(), family.to_lowercase());
            writeln!(
                text,
                "{source},{status},true,org-1,{role},{given}{card},\"{{SIS:{card}}}\",{given},{family},,{card},{mail},5550100,5550101,,{grade},secret{card}"
            )?;
        }
        Ok(text)
    }

    /// Every student attends one class of each subject with those of the same hundred, and somebody teaches it.
    fn classes(&self) -> anyhow::Result<[(&'static str, String); 2]> {
        let mut classes = "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,\
                           termSourcedIds,subjects,subjectCodes,periods\n"
            .to_owned();
        let mut enrollments =
            "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n".to_owned();
        let students: Vec<&Made> = self.people.iter().filter(|person| person.role == "student").collect();
        let staff: Vec<&Made> = self.people.iter().filter(|person| person.role == "teacher").collect();
        for (group, attending) in students.chunks(CLASS).enumerate() {
            for (number, subject) in SUBJECTS.iter().enumerate() {
                let class = format!("cls-{group}-{number}");
                let room = 100 + group % 40;
                writeln!(classes, "{class},,,{subject} {group},,,{subject}-{group},scheduled,{room},org-1,,,,{}", number + 1)?;
                if let Some(teacher) = staff.get((group * SUBJECTS.len() + number) % staff.len().max(1)) {
                    writeln!(enrollments, "e-{class}-t,,,{class},org-1,{},teacher,true,,", teacher.source)?;
                }
                for student in attending {
                    writeln!(enrollments, "e-{class}-{0},,,{class},org-1,{0},student,,,", student.source)?;
                }
            }
        }
        Ok([("classes.csv", classes), ("enrollments.csv", enrollments)])
    }

    fn demographics(&self) -> anyhow::Result<String> {
        let mut text = "sourcedId,status,dateLastModified,birthDate,sex\n".to_owned();
        for person in &self.people {
            writeln!(text, "{},,,2013-05-17,", person.source)?;
        }
        Ok(text)
    }

    /// Writes the files into a folder.
    ///
    /// # Errors
    /// The folder can't be written.
    pub fn write(&self, folder: &Path, kind: Kind) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        for (name, text) in self.files(kind)? {
            std::fs::write(folder.join(name), text).with_context(|| format!("{name} could not be written"))?;
        }
        Ok(())
    }

    /// The files in one zip, without those that nobody reads.
    ///
    /// # Errors
    /// They can't be packed.
    pub fn zip(&self, kind: Kind) -> anyhow::Result<Vec<u8>> {
        let files = self.files(kind)?;
        Ok(oneroster::pack(&files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect())?)
    }
}

/// What tells the second Maya Torres from the first.
fn suffix(times: usize) -> String {
    if times == 0 { String::new() } else { format!("-{}", FAMILY[times % FAMILY.len()]) + &suffix(times / FAMILY.len()) }
}
