//! An expression as a tape: operations on numbered cells of 128 numbers each, in the order in which
//! they are done.
//!
//! Cells: first the variables, then the constants, then room for what lies between, reused like a
//! stack. Arithmetic on constants is done while the tape is written, by the very operations that
//! would do it later.
//!
//! Memory: 1 KiB a cell. Run time: a branch, and for each operation up to three loads and a store
//! of 128 numbers.

use super::Misreading;
use super::functions::Function;
use super::parser::{Node, Parser, Symbols};
use crate::uniform::Row;

/// A function of some variables, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Expression {
    variables: usize,
    cells: Vec<Row>,
    steps: Vec<Instruction>,
    /// The cell in which the value is found.
    value: usize,
}

/// Cell `to` becomes `function` of cells `a`, `b` and `c`.
#[derive(Clone, Debug)]
struct Instruction {
    function: Function,
    a: usize,
    b: usize,
    c: usize,
    to: usize,
}

/// Bytes of text that are read on the caller's stack: so few cannot be nested deep.
const SHORT: usize = 16;

/// The stack of the thread that reads longer ones: a sum of 2,048 terms is a tree as deep, at less
/// than 1 KiB a level.
const STACK: usize = 8 << 20;

/// The largest power that is multiplied out; above it, the error of the products exceeds that of
/// `pow`.
const MOST_FACTORS: f64 = 64.0;

impl Expression {
    /// Reads `text`. `symbol` says which of `variables` variables or which number a name is, if
    /// any; `known` tells a user in a few words what names there are.
    ///
    /// # Errors
    /// [`Misreading`], with the column.
    pub fn parse(text: &str, variables: usize, symbol: &Symbols<'_>, known: &str) -> Result<Expression, Misreading> {
        let read = || Expression::read(text, variables, symbol, known);
        if text.len() <= SHORT {
            return read();
        }
        let failed = |why: std::io::Error| Misreading {
            column: 1,
            message: format!("no thread can be started to read it ({why})"),
            text: text.to_owned(),
        };
        std::thread::scope(|scope| {
            let reader = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read).map_err(failed)?;
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// [`parse`](Expression::parse) on this stack.
    fn read(text: &str, variables: usize, symbol: &Symbols<'_>, known: &str) -> Result<Expression, Misreading> {
        let tree = folded(Parser::read(text, symbol, known)?);
        let mut constants = Vec::new();
        collect(&tree, &mut constants);
        let mut cells = vec![Row::all(0.0); variables];
        cells.extend(constants.iter().map(|&number| Row::all(number)));
        let mut expression = Expression { variables, cells, steps: Vec::new(), value: 0 };
        let free = expression.cells.len();
        expression.value = expression.write(&tree, &constants, free);
        Ok(expression)
    }

    /// Writes the steps for `node`; cells from `free` on are not in use. Returns the cell that will
    /// hold the value.
    fn write(&mut self, node: &Node, constants: &[f64], free: usize) -> usize {
        match node {
            Node::Variable(index) => *index,
            Node::Number(number) => self.variables + position(constants, *number).unwrap_or_default(),
            Node::Call(function, nodes) => {
                let mut next = free;
                // Arguments that are not there repeat the first one.
                let mut arguments = [None; 3];
                for (argument, node) in arguments.iter_mut().zip(nodes) {
                    let cell = self.write(node, constants, next);
                    next += usize::from(cell == next);
                    *argument = Some(cell);
                }
                let a = arguments[0].unwrap_or_default();
                let [b, c] = [arguments[1], arguments[2]].map(|cell| cell.unwrap_or(a));
                if self.cells.len() <= free {
                    self.cells.resize(free + 1, Row::all(0.0));
                }
                self.steps.push(Instruction { function: *function, a, b, c, to: free });
                free
            }
        }
    }

    /// This expression times a weight, which is one more variable behind the others; 0 stays 0
    /// where the weight has overflowed.
    pub fn weighted(mut self) -> Expression {
        let (weight, to) = (self.variables, self.cells.len() + 1);
        self.cells.insert(weight, Row::all(1.0));
        self.variables += 1;
        let moved = |cell: usize| cell + usize::from(cell >= weight);
        for Instruction { a, b, c, to, .. } in &mut self.steps {
            [*a, *b, *c, *to] = [*a, *b, *c, *to].map(moved);
        }
        let a = moved(self.value);
        self.cells.push(Row::all(0.0));
        self.steps.push(Instruction { function: Function::Weigh, a, b: weight, c: a, to });
        self.value = to;
        self
    }

    /// The value where the variables are constants: for texts without variables.
    pub fn constant(mut self) -> f64 {
        self.run();
        self.cells[self.value].0[0]
    }

    /// The rows of the variables, to be filled before [`values`](Expression::values). Two functions
    /// and no closure between them: it would be compiled for any CPU, and its loops be slow.
    #[inline(always)]
    pub fn variables(&mut self) -> &mut [Row] {
        &mut self.cells[..self.variables]
    }

    /// The values at 128 points, whose variables are in their rows.
    #[inline(always)]
    pub fn values(&mut self) -> Row {
        self.run();
        self.cells[self.value]
    }

    #[inline(always)]
    fn run(&mut self) {
        for step in &self.steps {
            let value = step.function.of(&self.cells[step.a], &self.cells[step.b], &self.cells[step.c]);
            self.cells[step.to] = value;
        }
    }
}

/// Where the constant with these bits is.
fn position(constants: &[f64], number: f64) -> Option<usize> {
    constants.iter().position(|known| known.to_bits() == number.to_bits())
}

/// The constants of a tree, each once.
fn collect(node: &Node, constants: &mut Vec<f64>) {
    match node {
        Node::Number(number) if position(constants, *number).is_none() => constants.push(*number),
        Node::Number(_) | Node::Variable(_) => {}
        Node::Call(_, nodes) => nodes.iter().for_each(|node| collect(node, constants)),
    }
}

/// The tree with constants worked out, and with powers that can be done by products or a root.
fn folded(node: Node) -> Node {
    let Node::Call(function, nodes) = node else { return node };
    let mut nodes: Vec<Node> = nodes.into_iter().map(folded).collect();
    let function = match (function, nodes.get(1)) {
        (Function::Power, Some(Node::Number(exponent)))
            if exponent.fract() == 0.0 && exponent.abs() <= MOST_FACTORS =>
        {
            Function::WholePower(*exponent as i32)
        }
        (Function::Power, Some(Node::Number(0.5))) => Function::Sqrt,
        _ => function,
    };
    if matches!(function, Function::WholePower(_) | Function::Sqrt) {
        nodes.truncate(1);
    }
    let numbers: Option<Vec<f64>> =
        nodes.iter().map(|node| if let Node::Number(number) = node { Some(*number) } else { None }).collect();
    match numbers.as_deref() {
        Some([a]) => Node::Number(worked_out(function, [*a, *a, *a])),
        Some([a, b]) => Node::Number(worked_out(function, [*a, *b, *a])),
        Some([a, b, c]) => Node::Number(worked_out(function, [*a, *b, *c])),
        _ => Node::Call(function, nodes),
    }
}

/// The value for constants. A separate function, because its rows must not lie on the stack at
/// every level of a tree.
#[inline(never)]
fn worked_out(function: Function, arguments: [f64; 3]) -> f64 {
    let [a, b, c] = arguments.map(Row::all);
    function.of(&a, &b, &c).0[0]
}
