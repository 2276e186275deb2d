//! From text to a tree, by recursive descent: one function for each line of the grammar in
//! `expression.rs`.
//!
//! Every error message has its column: that of the word at which reading stopped.

use super::Misreading;
use super::functions::{Function, constant, named};

/// An expression as a tree.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Number(f64),
    Variable(usize),
    /// One to three arguments.
    Call(Function, Vec<Node>),
}

/// How deep brackets, signs and powers may be nested: each level takes less than 1 KiB of stack.
const DEEPEST: usize = 200;

/// Bytes of text: a sum of that many terms makes a tree that is half as deep.
const LONGEST: usize = 4096;

/// What comes next in the text.
#[derive(Clone, Debug, PartialEq)]
enum Word<'t> {
    Number(f64),
    Name(&'t str),
    Sign(&'static str),
    End,
}

/// Signs, longer ones first.
const SIGNS: [&str; 18] =
    ["**", "<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",", "!"];

/// What a name outside the language stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Symbol {
    /// The variable with this index.
    Variable(usize),
    /// A number.
    Number(f64),
}

/// What a name is, if anything.
pub(super) type Symbols<'n> = dyn Fn(&str) -> Option<Symbol> + Sync + 'n;

/// A reader of one text.
pub(super) struct Parser<'t> {
    text: &'t str,
    /// What a name is.
    symbol: &'t Symbols<'t>,
    /// What else a name could have been, for complaints.
    known: &'t str,
    /// The next word, and where it begins and ends, in bytes.
    word: Word<'t>,
    begin: usize,
    end: usize,
    depth: usize,
}

type Reading = Result<Node, Misreading>;

impl<'t> Parser<'t> {
    /// The tree of `text`.
    pub(super) fn read(text: &'t str, symbol: &'t Symbols<'t>, known: &'t str) -> Reading {
        if text.len() > LONGEST {
            let message = format!("the expression is longer than {LONGEST} bytes");
            return Err(Misreading { column: 1, message, text: String::new() });
        }
        let mut parser = Parser { text, symbol, known, word: Word::End, begin: 0, end: 0, depth: 0 };
        parser.advance()?;
        let node = parser.condition()?;
        match parser.word {
            Word::End => Ok(node),
            Word::Sign(")") => parser.complain("there is no ( for this )"),
            Word::Number(_) | Word::Name(_) | Word::Sign("(") => parser.complain("expected an operator like * or +"),
            Word::Sign(_) => parser.complain("expected the end"),
        }
    }

    /// A complaint about the next word.
    fn complain<T>(&self, message: impl Into<String>) -> Result<T, Misreading> {
        let column = self.text[..self.begin].chars().count() + 1;
        Err(Misreading { column, message: message.into(), text: self.text.to_owned() })
    }

    /// Reads the next word.
    fn advance(&mut self) -> Result<(), Misreading> {
        let rest = self.text[self.end..].trim_start();
        self.begin = self.text.len() - rest.len();
        let Some(first) = rest.chars().next() else {
            self.end = self.begin;
            self.word = Word::End;
            return Ok(());
        };
        let length = if first.is_ascii_digit() || first == '.' {
            let length = length_of_number(rest);
            let Ok(number) = rest[..length].parse() else {
                return self.complain(format!("'{}' is no number", &rest[..length]));
            };
            self.word = Word::Number(number);
            length
        } else if first.is_alphabetic() || first == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            self.word = match &rest[..length] {
                "and" => Word::Sign("&&"),
                "or" => Word::Sign("||"),
                "not" => Word::Sign("not"),
                name => Word::Name(name),
            };
            length
        } else {
            let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
                return self.complain(format!("'{first}' has no meaning here"));
            };
            self.word = Word::Sign(sign);
            sign.len()
        };
        self.end = self.begin + length;
        Ok(())
    }

    /// Takes the next word if it is one of `signs`.
    fn take(&mut self, signs: &[&'static str]) -> Result<Option<&'static str>, Misreading> {
        match self.word {
            Word::Sign(sign) if signs.contains(&sign) => {
                self.advance()?;
                Ok(Some(sign))
            }
            _ => Ok(None),
        }
    }

    fn condition(&mut self) -> Reading {
        let mut left = self.conjunction()?;
        while self.take(&["||"])?.is_some() {
            left = Node::Call(Function::Or, vec![left, self.conjunction()?]);
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Reading {
        let mut left = self.negation()?;
        while self.take(&["&&"])?.is_some() {
            left = Node::Call(Function::And, vec![left, self.negation()?]);
        }
        Ok(left)
    }

    fn negation(&mut self) -> Reading {
        let mut negations = 0;
        while self.take(&["not"])?.is_some() {
            negations += 1;
        }
        let node = self.comparison()?;
        Ok((0..negations).fold(node, |node, _| Node::Call(Function::Not, vec![node])))
    }

    fn comparison(&mut self) -> Reading {
        let left = self.sum()?;
        let Some(sign) = self.take(&["<=", ">=", "==", "!=", "<", ">"])? else { return Ok(left) };
        let right = self.sum()?;
        Ok(match sign {
            "<" => Node::Call(Function::Less, vec![left, right]),
            "<=" => Node::Call(Function::LessOrEqual, vec![left, right]),
            ">" => Node::Call(Function::Less, vec![right, left]),
            ">=" => Node::Call(Function::LessOrEqual, vec![right, left]),
            "==" => Node::Call(Function::Equal, vec![left, right]),
            _ => Node::Call(Function::Unequal, vec![left, right]),
        })
    }

    fn sum(&mut self) -> Reading {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&["+", "-"])? {
            let function = if sign == "+" { Function::Add } else { Function::Subtract };
            left = Node::Call(function, vec![left, self.product()?]);
        }
        Ok(left)
    }

    fn product(&mut self) -> Reading {
        let mut left = self.unary()?;
        while let Some(sign) = self.take(&["*", "/"])? {
            let function = if sign == "*" { Function::Multiply } else { Function::Divide };
            left = Node::Call(function, vec![left, self.unary()?]);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Reading {
        self.depth += 1;
        if self.depth > DEEPEST {
            return self.complain("nested too deep");
        }
        let node = match self.take(&["-", "+", "!"])? {
            Some("-") => Node::Call(Function::Negate, vec![self.unary()?]),
            Some("!") => Node::Call(Function::Not, vec![self.unary()?]),
            Some(_) => self.unary()?,
            None => self.power()?,
        };
        self.depth -= 1;
        Ok(node)
    }

    fn power(&mut self) -> Reading {
        let base = self.primary()?;
        match self.take(&["^", "**"])? {
            Some(_) => Ok(Node::Call(Function::Power, vec![base, self.unary()?])),
            None => Ok(base),
        }
    }

    fn primary(&mut self) -> Reading {
        match self.word {
            Word::Number(number) => {
                self.advance()?;
                Ok(Node::Number(number))
            }
            Word::Name(name) => self.name(name),
            Word::Sign("(") => {
                self.advance()?;
                let node = self.condition()?;
                self.close()?;
                Ok(node)
            }
            Word::Sign(sign) => self.complain(format!("expected a number, a name or (, not {sign}")),
            Word::End => self.complain("expected a number, a name or (, but the text ends"),
        }
    }

    fn close(&mut self) -> Result<(), Misreading> {
        match self.take(&[")"])? {
            Some(_) => Ok(()),
            None => self.complain("expected )"),
        }
    }

    /// A variable, a number or a call.
    fn name(&mut self, name: &str) -> Reading {
        let leaf = match (self.symbol)(name) {
            Some(Symbol::Variable(index)) => Some(Node::Variable(index)),
            Some(Symbol::Number(number)) => Some(Node::Number(number)),
            None => constant(name).map(Node::Number),
        };
        if let Some(leaf) = leaf {
            self.advance()?;
            return Ok(leaf);
        }
        let Some((arguments, function)) = named(name) else {
            return self.complain(format!("unknown name '{name}' ({})", self.known));
        };
        let begin = self.begin;
        self.advance()?;
        if self.take(&["("])?.is_none() {
            return self.complain(format!("expected ( after the function {name}"));
        }
        let mut nodes = Vec::new();
        if self.word != Word::Sign(")") {
            nodes.push(self.condition()?);
            while self.take(&[","])?.is_some() {
                nodes.push(self.condition()?);
            }
        }
        self.close()?;
        if nodes.len() != arguments {
            self.begin = begin;
            let plural = if arguments == 1 { "" } else { "s" };
            return self.complain(format!("{name} takes {arguments} argument{plural}, not {}", nodes.len()));
        }
        Ok(Node::Call(function, nodes))
    }
}

/// How many bytes from the start of `text` look like a number: digits, a point, an exponent.
fn length_of_number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let end = digits(0);
    // An e is an exponent only with digits behind it: 2e is the number 2 and the name e.
    if end < bytes.len() && matches!(bytes[end], b'e' | b'E') {
        let sign = usize::from(end + 1 < bytes.len() && matches!(bytes[end + 1], b'+' | b'-'));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            return digits(end + 1 + sign);
        }
    }
    end
}
