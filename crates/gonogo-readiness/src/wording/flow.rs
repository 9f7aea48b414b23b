//! A text as one run of words, whose lines may break anywhere, and the way back to its lines.

use super::At;

/// A text in lower case, every stretch of white space one blank, paragraphs apart.
pub(super) struct Flow {
    chars: Vec<char>,
    /// Line and column of each character.
    from: Vec<(usize, usize)>,
}

/// What stands between paragraphs.
const PARAGRAPH: char = '\n';

impl Flow {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let mut flow = Self {
            chars: Vec::new(),
            from: Vec::new(),
        };
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                flow.push(PARAGRAPH, (number, 0));
            }
            for (column, c) in line.chars().enumerate() {
                flow.push(plain(c), (number, column));
            }
            flow.push(' ', (number, line.chars().count()));
        }
        flow
    }

    fn push(&mut self, c: char, from: (usize, usize)) {
        let blank = |c: char| c == ' ' || c == PARAGRAPH;
        match self.chars.last().copied() {
            Some(last) if c == ' ' && blank(last) => {}
            None if blank(c) => {}
            Some(' ') if c == PARAGRAPH => {
                if let Some(last) = self.chars.last_mut() {
                    *last = PARAGRAPH;
                }
            }
            _ => {
                self.chars.push(c);
                self.from.push(from);
            }
        }
    }

    /// Where a phrase stands by itself, and not inside other words.
    pub fn find(&self, phrase: &str) -> Vec<usize> {
        let phrase: Vec<char> = phrase.chars().collect();
        let (Some(first), Some(last)) = (phrase.first(), phrase.last()) else {
            return Vec::new();
        };
        let word = |at: Option<usize>| {
            let c = at.and_then(|at| self.chars.get(at));
            c.is_some_and(|c| c.is_alphanumeric())
        };
        let apart = |at: usize| {
            let before = first.is_alphanumeric() && word(at.checked_sub(1));
            let after = last.is_alphanumeric() && word(at.checked_add(phrase.len()));
            !before && !after
        };
        let places = self.chars.windows(phrase.len()).enumerate();
        places
            .filter(|(at, here)| *here == phrase && apart(*at))
            .map(|(at, _)| at)
            .collect()
    }

    /// The place in the lines of some characters, as far as they stand in one line.
    pub fn at(&self, place: usize, len: usize) -> At {
        let Some((line, column)) = self.from.get(place).copied() else {
            return At::Whole;
        };
        let here = self.from[place..].iter().zip(&self.chars[place..]);
        let here = here.take(len).take_while(|((l, _), _)| *l == line);
        let last = here.filter(|(_, c)| !c.is_whitespace()).last();
        At::Text {
            line,
            column,
            len: last.map_or(len, |((_, end), _)| end + 1 - column),
        }
    }

    /// The sentences, each with where it begins.
    pub fn sentences(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut start = 0;
        for at in 0..self.chars.len() {
            if self.ends_at(at) {
                found.push((start, self.chars[start..=at].iter().collect()));
                start = at + 1;
            }
        }
        if start < self.chars.len() {
            found.push((start, self.chars[start..].iter().collect()));
        }
        found
    }

    /// The sentence that a place stands in, up to that place.
    pub fn sentence_around(&self, place: usize) -> String {
        let before = (0..place).rev().find(|at| self.ends_at(*at));
        let start = before.map_or(0, |at| at + 1);
        self.chars[start..place].iter().collect()
    }

    /// Does a sentence end with this character? A full stop inside `10.30` or a name ends none.
    fn ends_at(&self, at: usize) -> bool {
        let next = self.chars.get(at + 1);
        match self.chars[at] {
            PARAGRAPH => true,
            '.' | '!' | '?' => next.is_none_or(|c| c.is_whitespace()),
            _ => false,
        }
    }
}

/// One character in lower case; what print shops write for a quote or a blank is one.
fn plain(c: char) -> char {
    match c {
        '\u{2019}' => '\'',
        c if c.is_whitespace() => ' ',
        c => c.to_lowercase().next().unwrap_or(c),
    }
}

/// The words of a sentence, without what punctuates them.
pub(super) fn words(sentence: &str) -> impl Iterator<Item = &str> {
    let parts = sentence.split(|c: char| c.is_whitespace() || "()<>[]\"`,;!?".contains(c));
    parts
        .map(|w| w.trim_end_matches(['.', ':']))
        .filter(|w| !w.is_empty())
}

/// Is a word a time of day: `10:20`, `9:05`?
pub(super) fn is_time(word: &str) -> bool {
    let Some((hour, minute)) = word.split_once(':') else {
        return false;
    };
    let number = |part: &str, digits: &[usize], below: u8| {
        digits.contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|n| n < below)
    };
    number(hour, &[1, 2], 24) && number(minute, &[2], 60)
}
