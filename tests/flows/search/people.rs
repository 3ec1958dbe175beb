//! Made-up people of eighteen countries, and what somebody might type to find them.

use vestibule_domain::search::{SearchField, SearchText};
use vestibule_search::{Field, Terms, find, first_row, fold, index_rows};

/// Numbers that look drawn and are the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// One of these, the first ones more often.
    fn often_first<T: Copy>(&mut self, all: &[T]) -> T {
        let (one, other) = (self.below(all.len()), self.below(all.len()));
        all[one.min(other)]
    }
}

/// A country's code for phone numbers, first names and last names, each from frequent to rare.
type Country = (&'static str, &'static str, &'static str);

const COUNTRIES: [Country; 18] = [
    (
        "49",
        "Anna Lukas Sophie Jürgen Jörg Käthe Björn",
        "Müller Schmidt Weiß Groß Schäfer Köhler Lüttich",
    ),
    (
        "33",
        "Marie Léa François Zoé Éloïse Jean-Luc Noël",
        "Martin Lefèvre Dubois Gauthier Béranger d’Arc L'Hôpital",
    ),
    (
        "34",
        "María José Lucía Íñigo Ángel Begoña Jesús",
        "García Núñez Pérez Muñoz Ibáñez Zúñiga Peña",
    ),
    (
        "39",
        "Giulia Marco Chiara Niccolò Pietro Libero Noè",
        "Rossi Russo D'Angelo Conti Forlì Giordanò Ferrari",
    ),
    (
        "48",
        "Zofia Jakub Łukasz Małgorzata Stanisław Żaneta Iga",
        "Nowak Kowalski Wiśniewski Wójcik Dąbrowski Łęcki Żuk",
    ),
    (
        "90",
        "Zeynep Mehmet Işıl İbrahim Gülşen Çağla Ömer",
        "Yılmaz Kaya Demir Şahin Çelik Öztürk Doğan",
    ),
    (
        "55",
        "Ana João Luíza Antônio Conceição Tomé Mônica",
        "Silva Souza Gonçalves Araújo Magalhães Brandão Assunção",
    ),
    (
        "52",
        "Guadalupe Luis Ximena Martín Sofía Rubén Jesús",
        "Hernández López Martínez Ordóñez Ríos Cuéllar Vázquez",
    ),
    (
        "1",
        "Emma Liam Olivia Mary-Ann Ada Grace Beyoncé",
        "Smith Johnson O’Brien McDonald Lovelace Hopper Van-Dyke",
    ),
    (
        "91",
        "Aarav Priya Rahul Lakshmi राम सीता Venkataramanan",
        "Patel Singh Sharma Iyer कुमार Chattopadhyay Krishnamurthy",
    ),
    (
        "234",
        "Chidi Ngozi Adaeze Ṣọlá Olúwaṣẹ́gun Ifẹ Emeka",
        "Okafor Adeyẹmí Ògúnlẹ́yẹ Eze Balogun Nwosu Adichie",
    ),
    (
        "20",
        "مُحَمَّد فاطمة أحمد Mona Tarek Nour يوسف",
        "حسن Mahfouz El-Sayed علي Abdel-Rahman Fathy Zaki",
    ),
    (
        "972",
        "נועם Yael דוד Avi רָחֵל Noa Eitan",
        "כהן Levi Mizrahi פרץ Ben-Gurion Katz Friedman",
    ),
    (
        "81",
        "さくら 太郎 Haruto ユキ Yui タカシ ｹﾝｼﾞ",
        "佐藤 田中 Suzuki ワタナベ 山本 Ito がまだ",
    ),
    (
        "82",
        "민준 서연 Ji-woo 지훈 Hye-jin Min-ho 수아",
        "김 이 박 Choi Jeong Kang 최",
    ),
    (
        "84",
        "Nguyễn Thị Đức Hương Tuấn Phượng Quỳnh",
        "Nguyễn Trần Lê Phạm Đặng Bùi Vũ",
    ),
    (
        "30",
        "Γιώργος Μαρία Nikos Ελένη Κώστας Sofia Ανδρέας",
        "Παπαδόπουλος Νίκος Georgiou Ιωάννου Δημητρίου Vlachos Ζορμπάς",
    ),
    (
        "7",
        "Иван Мария Артём Olga Фёдор Юлия Sergey",
        "Иванов Смирнов Королёв Petrov Щербаков Жуков Dostoevskaya",
    ),
];

/// Domains of addresses, from frequent to rare.
const DOMAINS: [&str; 8] = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "example.org",
    "acme-insurance.example",
    "uni-zürich.example",
];

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    pub first: String,
    pub last: String,
    pub phone: String,
    pub email: String,
}

impl Person {
    /// The person of this number.
    pub fn of(number: usize) -> Self {
        let mut dice = Dice::new(u64::try_from(number).unwrap() * 7919 + 1);
        let (code, first, last) = COUNTRIES[dice.below(COUNTRIES.len())];
        let firsts: Vec<&str> = first.split(' ').collect();
        let lasts: Vec<&str> = last.split(' ').collect();
        let mut first = dice.often_first(&firsts).to_owned();
        if dice.below(4) == 0 {
            first = format!("{first} {}", dice.often_first(&firsts));
        }
        let last = dice.often_first(&lasts).to_owned();
        let ascii = |name: &str| -> String {
            let folded = fold(name);
            let chars = folded.chars().iter();
            chars.filter(|c| c.is_ascii_alphanumeric()).collect()
        };
        let local = match dice.below(3) {
            0 => format!("{}.{}{}", ascii(&first), ascii(&last), dice.below(100)),
            1 => format!("{}{number}", ascii(&last)),
            _ => format!("{}_{}", ascii(&first), number),
        };
        let rest = 10_000_000 + dice.below(89_999_999);
        Self {
            phone: format!("+{code}{rest}"),
            email: format!("{local}@{}", dice.often_first(&DOMAINS)),
            first,
            last,
        }
    }

    /// The name to show.
    pub fn name(&self) -> String {
        format!("{} {}", self.first, self.last)
    }

    /// The searched texts of a chat user who is known by number and address.
    pub fn texts(&self) -> Vec<SearchText> {
        [
            (SearchField::Identifier, self.phone.clone(), true),
            (SearchField::OtherIdentifier, self.email.clone(), false),
            (SearchField::FirstName, self.first.clone(), false),
            (SearchField::LastName, self.last.clone(), false),
            (SearchField::DisplayName, self.name(), false),
        ]
        .map(|(field, text, is_phone)| SearchText {
            field,
            text,
            is_phone,
        })
        .into()
    }

    /// The person's rows in the index: suffix, and the length from which on it counts.
    pub fn rows(&self) -> Vec<(String, usize)> {
        let texts = self.texts();
        let rows = index_rows(&fields(&texts)).into_iter();
        rows.map(|row| (row.suffix, row.from)).collect()
    }

    /// The searched texts as one, folded: where a word is missing, the person is no hit.
    pub fn folded(&self) -> String {
        let texts = self.texts().into_iter();
        let folded = texts.map(|text| {
            let folded = fold(&text.text);
            let folded = if text.is_phone {
                folded.digits()
            } else {
                folded
            };
            folded.chars().iter().collect::<String>()
        });
        folded.collect::<Vec<String>>().join(" ")
    }

    /// The suffix by which a query finds the person, if it does.
    pub fn found_by(&self, terms: &Terms) -> Option<String> {
        let texts = self.texts();
        let fields = fields(&texts);
        find(&fields, terms)?;
        first_row(&fields, terms)
    }
}

fn fields(texts: &[SearchText]) -> Vec<Field<'_, SearchField>> {
    let texts = texts.iter();
    texts
        .map(|text| Field::new(text.field, &text.text, text.is_phone))
        .collect()
}

/// Queries: parts of people's own texts of one to twelve characters, with or without accents, in capitals, with a
/// number's punctuation; two words; what many share; what nobody has.
pub fn queries(count: usize, people: usize) -> Vec<String> {
    let mut dice = Dice::new(20_261_129);
    let mut all = vec![
        "gmail".to_owned(),
        "@".to_owned(),
        ".com".to_owned(),
        "a".to_owned(),
        "7".to_owned(),
        "か".to_owned(),
        "zzzz".to_owned(),
    ];
    while all.len() < count {
        let person = Person::of(dice.below(people));
        let text = match dice.below(5) {
            0 => person.phone.clone(),
            1 => person.email.clone(),
            2 => person.last.clone(),
            _ => person.name(),
        };
        let query = match dice.below(10) {
            0 => format!(
                "{} {}",
                part(&mut dice, &person.first, 4),
                part(&mut dice, &person.email, 5)
            ),
            1 => format!(
                "{} {}",
                part(&mut dice, &person.last, 3),
                part(&mut dice, &person.phone, 4)
            ),
            2 => part(&mut dice, &text, 12).to_uppercase(),
            3 => {
                let digits = part(&mut dice, &person.phone, 8);
                let (one, other) = digits.split_at(digits.len() / 2);
                format!("{one}-({other})")
            }
            4 => fold(&part(&mut dice, &text, 12)).chars().iter().collect(),
            5 => format!("{}q{}", part(&mut dice, &text, 3), dice.below(100)),
            _ => part(&mut dice, &text, 12),
        };
        if Terms::parse(&query).is_some() {
            all.push(query);
        }
    }
    all
}

/// A part of a text, of up to so many characters.
fn part(dice: &mut Dice, text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let length = 1 + dice.below(most.min(chars.len()));
    let start = dice.below(chars.len() - length + 1);
    chars[start..start + length].iter().collect()
}
