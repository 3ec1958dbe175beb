use super::*;
use proptest::prelude::*;

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// Variants in these languages. The text of each is its tag.
fn variants(tags: &[&str]) -> TextVariants {
    tags.iter()
        .map(|tag| (language(tag), (*tag).to_owned()))
        .collect()
}

fn chosen(tags: &[&str], person: &str) -> Option<String> {
    let variants = variants(tags);
    variants.choose(&language(person)).map(str::to_owned)
}

#[test]
fn a_tag_is_read_in_any_case_and_with_either_hyphen_and_has_one_spelling() {
    for (raw, tag) in [
        ("de", "de"),
        (" DE ", "de"),
        ("pt_BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("zh-hant", "zh-Hant"),
        ("ZH_HANT_tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("fil", "fil"),
        ("de-ch-1996", "de-CH-1996"),
        ("sl-ROZAJ", "sl-rozaj"),
        ("en-ca-x-CA-Abcd", "en-CA-x-ca-abcd"),
        ("de-DE-u-co-phonebk", "de-DE-u-co-phonebk"),
    ] {
        let read = language(raw);
        assert_eq!((read.tag(), read.to_string().as_str()), (tag, tag), "{raw}");
    }
}

#[test]
fn junk_is_no_language() {
    for raw in [
        "",
        " ",
        "-",
        "e",
        "x-klingon",
        "i-klingon",
        "english",
        "deut",
        "d1",
        "12",
        "de-",
        "-de",
        "de--AT",
        "de-x",
        "de-abcdefghi",
        "de AT",
        "de.UTF-8",
        "de-ä",
        "dé",
        "ру",
        "und",
        "UND-Latn",
        "mul",
        "mis",
        "zxx",
        "*",
        "de\u{202E}",
        "de-DE-u-co-phonebk-x-abcdefgh-abcdefgh",
    ] {
        assert_eq!(Language::parse(raw), None, "{raw:?}");
    }
}

#[test]
fn a_tag_has_at_most_35_bytes() {
    let longest = format!(
        "de-x-{}-abc-{}-{}",
        "a".repeat(8),
        "b".repeat(8),
        "c".repeat(8)
    );
    assert_eq!(longest.len(), TAG_MAX_BYTES);
    assert!(Language::parse(&longest).is_some());
    assert_eq!(Language::parse(&longest.replace("abc", "abcd")), None);
}

#[test]
fn a_person_gets_the_exact_tag_then_shorter_ones_then_another_form_of_the_language() {
    for (tags, person, text) in [
        (&["de", "pt-BR"][..], "pt-BR", Some("pt-BR")),
        (&["pt", "pt-BR"], "pt-BR", Some("pt-BR")),
        (&["pt", "de"], "pt-BR", Some("pt")),
        (&["pt", "pt-BR"], "pt-PT", Some("pt")),
        (&["pt-BR", "de"], "pt-PT", Some("pt-BR")),
        (&["pt-BR", "de"], "pt", Some("pt-BR")),
        (&["es-ES", "es-419", "en"], "es-MX", Some("es-419")),
        (&["de-AT", "de-CH"], "de-DE", Some("de-AT")),
        (&["en-GB", "en"], "en-GB-oxendict", Some("en-GB")),
        (
            &["en-US", "en-GB-oxendict"],
            "en-GB",
            Some("en-GB-oxendict"),
        ),
        (&["de"], "de-DE-u-co-phonebk", Some("de")),
        (
            &["de-u-co-phonebk"],
            "de-u-nu-latn",
            Some("de-u-co-phonebk"),
        ),
        (&["de", "fr"], "pt-BR", None),
        // A longer code is not the same language.
        (&["fil"], "fi", None),
        (&["fi"], "fil", None),
        (&[], "de", None),
    ] {
        assert_eq!(chosen(tags, person).as_deref(), text, "{tags:?} {person}");
    }
}

#[test]
fn a_single_character_subtag_is_dropped_with_the_one_after_it() {
    // `de-u` alone would match any extension before the plain language.
    let tags = ["de", "de-u-co-phonebk"];
    assert_eq!(chosen(&tags, "de-u-nu-latn").as_deref(), Some("de"));
}

#[test]
fn chinese_is_chosen_by_its_script_which_the_region_tells() {
    for (tags, person, text) in [
        (&["zh-Hans", "zh-Hant"][..], "zh-TW", Some("zh-Hant")),
        (&["zh-Hans", "zh-Hant"], "zh-HK", Some("zh-Hant")),
        (&["zh-Hans", "zh-Hant"], "zh-MO", Some("zh-Hant")),
        (&["zh-Hans", "zh-Hant"], "zh-CN", Some("zh-Hans")),
        (&["zh-Hans", "zh-Hant"], "zh-SG", Some("zh-Hans")),
        (&["zh-Hans", "zh-Hant"], "zh-MY", Some("zh-Hans")),
        (&["zh-CN", "zh-TW"], "zh-Hant", Some("zh-TW")),
        (&["zh-CN", "zh-TW"], "zh-Hant-HK", Some("zh-TW")),
        (&["zh-CN", "zh-TW"], "zh-hans", Some("zh-CN")),
        (&["zh-CN", "zh-HK", "zh-TW"], "zh-Hant-TW", Some("zh-TW")),
        // `zh` says nothing of the script, so that a text in the person's own script comes before it.
        (&["zh", "zh-TW"], "zh-Hant", Some("zh-TW")),
        (&["zh", "zh-Hant"], "zh-CN", Some("zh")),
        (&["zh-TW"], "zh", Some("zh-TW")),
        (&["zh-CN"], "zh-TW", None),
        (&["zh-Hant"], "zh-CN", None),
        (&["zh-Hans"], "cmn-Hans-CN", Some("zh-Hans")),
        // A region tells the script of Chinese alone.
        (&["en-HK"], "en-CN", Some("en-HK")),
    ] {
        assert_eq!(chosen(tags, person).as_deref(), text, "{tags:?} {person}");
    }
}

#[test]
fn a_text_in_another_script_is_never_taken_for_the_persons_own() {
    for (tags, person, text) in [
        (&["sr-Latn"][..], "sr-Cyrl", None),
        (&["sr-Latn", "sr-Cyrl-ME"], "sr-Cyrl-RS", Some("sr-Cyrl-ME")),
        (&["sr"], "sr-Cyrl", Some("sr")),
        (&["sr-Latn"], "sr", Some("sr-Latn")),
        (&["sr-Latn"], "sr-RS", Some("sr-Latn")),
        // Four letters that are no script: of an extension, or with digits.
        (&["de-x-abcd"], "de-Latn", Some("de-x-abcd")),
        (&["de-1901"], "de-1996", Some("de-1901")),
    ] {
        assert_eq!(chosen(tags, person).as_deref(), text, "{tags:?} {person}");
    }
}

#[test]
fn two_codes_of_one_language_are_the_same_and_the_exact_one_comes_first() {
    for (one, other) in SAME_LANGUAGE {
        assert_eq!(chosen(&[one], other).as_deref(), Some(one));
        assert_eq!(chosen(&[other], one).as_deref(), Some(other));
        assert_eq!(chosen(&[one, other], one).as_deref(), Some(one));
        assert_eq!(chosen(&[one, other], other).as_deref(), Some(other));
    }
    assert_eq!(chosen(&["nb-NO"], "no").as_deref(), Some("nb-NO"));
    assert_eq!(chosen(&["nb"], "nn"), None);
}

#[test]
fn variants_are_added_replaced_and_removed() {
    let mut all = TextVariants::default();
    assert!(all.is_empty());
    for (tag, text) in [("de", "Hallo"), ("fr", "Salut"), ("de", "Servus")] {
        all.set(language(tag), Some(text.to_owned()));
    }
    assert!(!all.is_empty());
    all.set(language("fr"), None);
    all.set(language("it"), None);
    let left: Vec<_> = all.entries().collect();
    assert_eq!(left, [(&language("de"), "Servus")]);
}

#[test]
fn variants_are_few_and_short() {
    let tags: Vec<String> = (b'a'..=b'z')
        .map(|letter| format!("a{}", char::from(letter)))
        .collect();
    let of = |count: usize, bytes: usize| -> TextVariants {
        let tags = tags.iter().take(count);
        tags.map(|tag| (language(tag), "x".repeat(bytes))).collect()
    };
    assert_eq!(of(20, 1).check(), Ok(()));
    assert_eq!(of(21, 1).check(), Err(TooMuchText::Languages));
    assert_eq!(of(2, 8192).check(), Ok(()));
    let mut long = of(2, 8192);
    long.set(language("zu"), Some("x".to_owned()));
    assert_eq!(long.check(), Err(TooMuchText::Bytes));
    let rules = [TooMuchText::Languages, TooMuchText::Bytes].map(|error| error.to_string());
    assert_eq!(
        rules,
        [
            "must have at most 20 languages",
            "must have at most 16384 bytes in all languages together"
        ]
    );
}

#[test]
fn a_language_and_variants_are_stored_as_plain_text_by_tag() {
    let all = variants(&["de", "pt-BR"]);
    let stored = serde_json::to_string(&all).unwrap();
    assert_eq!(stored, r#"{"de":"de","pt-BR":"pt-BR"}"#);
    assert_eq!(serde_json::from_str::<TextVariants>(&stored).unwrap(), all);
}

fn any_tag() -> impl Strategy<Value = String> {
    "(de|pt|zh|sr|en|no|nb)(-(Hans|Hant|Latn|Cyrl))?(-(BR|PT|TW|CN|419))?(-1996)?(-x-abcd)?"
}

proptest! {
    #[test]
    fn what_is_read_is_bounded_and_reads_as_itself(raw in ".{0,40}|[a-zA-Z0-9_-]{1,40}") {
        if let Some(read) = Language::parse(&raw) {
            prop_assert!(read.tag().len() <= TAG_MAX_BYTES);
            prop_assert_eq!(Language::parse(read.tag()), Some(read));
        }
    }

    #[test]
    fn a_choice_ignores_case_and_the_kind_of_hyphen(
        tags in prop::collection::vec(any_tag(), 0..6),
        person in any_tag(),
    ) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let spelt = person.to_uppercase().replace('-', "_");
        prop_assert_eq!(chosen(&tags, &person), chosen(&tags, &spelt));
    }

    #[test]
    fn the_text_of_the_exact_tag_always_wins(
        tags in prop::collection::vec(any_tag(), 1..6),
        at in any::<prop::sample::Index>(),
    ) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let person = *at.get(&tags);
        let chosen = chosen(&tags, person);
        prop_assert_eq!(chosen.as_deref(), Some(person));
    }

    #[test]
    fn a_text_is_in_the_persons_language_and_not_in_another_script(
        tags in prop::collection::vec(any_tag(), 0..6),
        person in any_tag(),
    ) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let wanted = language(&person).subtags();
        let Some(text) = chosen(&tags, &person) else {
            let fits = |tag: &&str| {
                let tag = language(tag).subtags();
                tag[0] == wanted[0] && (script(&tag).is_none() || script(&wanted).is_none())
            };
            prop_assert!(!tags.iter().any(fits), "one of {tags:?} fits {person}");
            return Ok(());
        };
        let tag = language(&text).subtags();
        prop_assert_eq!(&tag[0], &wanted[0]);
        if let (Some(one), Some(other)) = (script(&tag), script(&wanted)) {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn more_variants_of_other_languages_change_nothing(
        tags in prop::collection::vec(any_tag(), 0..6),
        person in any_tag(),
    ) {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let more = [&tags[..], &["ja", "ko-KR", "fil"]].concat();
        prop_assert_eq!(chosen(&more, &person), chosen(&tags, &person));
    }
}
