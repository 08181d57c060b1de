//! What stands in the parentheses of `#[selvedge::test(..)]`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Ident, Lit, Path, Result, Token, parenthesized, parse_quote};

/// Every option, for the message about one that is unknown.
const OPTIONS: &str = "`grain`, `clock`, `sample`, `cases`, `seed`, `pct`, `loom`, `preemptions`, \
                       `tokio`, `threads`, `runs`, `waive`, `unjoined`, `check`, `crate`";

/// One test: which engine, how it is set up, and with which arguments the scenario is called.
pub(super) struct Options {
    pub(super) engine: Engine,
    pub(super) poll: bool,
    pub(super) racing: bool,
    /// Laws, each with the reason.
    pub(super) waived: Vec<(Path, Expr)>,
    pub(super) unjoined: bool,
    /// A function from `Check` to `Check`.
    pub(super) check: Option<Expr>,
    /// The path of the crate `selvedge`.
    pub(super) krate: Path,
    pub(super) inputs: Vec<Input>,
}

/// Who looks, with what only this engine is told.
pub(super) enum Engine {
    Explore,
    Sample {
        cases: Option<Expr>,
        seed: Option<Expr>,
        pct: Option<Expr>,
    },
    Loom {
        preemptions: Option<Expr>,
    },
    /// On several threads where their number is given, else on one with a paused clock.
    Tokio {
        threads: Option<Expr>,
        runs: Option<Expr>,
    },
}

/// The value of an argument of the scenario.
pub(super) struct Input {
    pub(super) name: Ident,
    pub(super) value: Expr,
    /// `name in strategy`: the value is generated.
    pub(super) generated: bool,
}

impl Options {
    /// What makes the names of several tests of one scenario differ.
    pub(super) fn label(&self) -> String {
        let mut label = match &self.engine {
            Engine::Explore => "explore",
            Engine::Sample { .. } if self.generates() => "proptest",
            Engine::Sample { pct: Some(_), .. } => "pct",
            Engine::Sample { .. } => "sample",
            Engine::Loom { .. } => "loom",
            Engine::Tokio { threads: None, .. } => "tokio",
            Engine::Tokio { .. } => "tokio_threads",
        }
        .to_owned();
        if self.poll {
            label += "_poll";
        }
        if self.racing {
            label += "_racing";
        }
        label
    }

    /// Whether some argument is generated.
    pub(super) fn generates(&self) -> bool {
        self.inputs.iter().any(|input| input.generated)
    }
}

/// `name`, `name = value`, `name in strategy` or `name(values)`.
struct Given {
    name: Ident,
    value: Value,
}

enum Value {
    None,
    Is(Expr),
    In(Expr),
    List(Vec<Expr>),
}

impl Parse for Given {
    fn parse(input: ParseStream) -> Result<Self> {
        // `crate` is a keyword.
        let name = input.call(Ident::parse_any)?;
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            Value::Is(input.parse()?)
        } else if input.parse::<Option<Token![in]>>()?.is_some() {
            Value::In(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let list;
            parenthesized!(list in input);
            Value::List(
                Punctuated::<Expr, Token![,]>::parse_terminated(&list)?.into_iter().collect(),
            )
        } else {
            Value::None
        };
        Ok(Given { name, value })
    }
}

impl Given {
    fn error<T>(&self, message: &str) -> Result<T> {
        Err(Error::new(self.name.span(), message))
    }

    fn flag(&self) -> Result<()> {
        match self.value {
            Value::None => Ok(()),
            _ => self.error(&format!("`{}` takes no value", self.name)),
        }
    }

    fn value(&self, example: &str) -> Result<Expr> {
        match &self.value {
            Value::Is(value) => Ok(value.clone()),
            _ => self.error(&format!("write `{} = {example}`", self.name)),
        }
    }

    /// Which of two words it is set to.
    fn word(&self, [off, on]: [&str; 2]) -> Result<bool> {
        match &self.value {
            Value::Is(Expr::Lit(ExprLit { lit: Lit::Str(word), .. }))
                if [off, on].contains(&word.value().as_str()) =>
            {
                Ok(word.value() == on)
            }
            _ => self.error(&format!("write `{0} = \"{off}\"` or `{0} = \"{on}\"`", self.name)),
        }
    }

    fn law_and_reason(&self) -> Result<(Path, Expr)> {
        if let Value::List(list) = &self.value
            && let [Expr::Path(law), reason @ Expr::Lit(ExprLit { lit: Lit::Str(text), .. })] =
                &list[..]
            && !text.value().trim().is_empty()
        {
            return Ok((law.path.clone(), reason.clone()));
        }
        self.error(
            "write the law and why it is waived: `waive(Law::LostItem, \"the peer sends again\")`",
        )
    }
}

impl Parse for Options {
    fn parse(input: ParseStream) -> Result<Self> {
        let given = Punctuated::<Given, Token![,]>::parse_terminated(input)?;
        let mut seen: Vec<String> = Vec::new();
        let mut options = Options {
            engine: Engine::Explore,
            poll: false,
            racing: false,
            waived: Vec::new(),
            unjoined: false,
            check: None,
            krate: parse_quote!(::selvedge),
            inputs: Vec::new(),
        };
        let mut engines = Vec::new();
        let mut details = Details::default();
        for one in &given {
            let name = one.name.to_string();
            if name != "waive" && seen.contains(&name) {
                return one.error(&format!("`{name}` is given twice"));
            }
            match name.as_str() {
                "grain" => options.poll = one.word(["operation", "poll"])?,
                "clock" => options.racing = one.word(["idle", "racing"])?,
                "sample" | "loom" | "tokio" => {
                    one.flag()?;
                    engines.push(&one.name);
                }
                "cases" | "runs" => details.set(one, "10_000")?,
                "seed" => details.set(one, "1")?,
                "pct" | "preemptions" => details.set(one, "3")?,
                "threads" => details.set(one, "4")?,
                "waive" => options.waived.push(one.law_and_reason()?),
                "unjoined" => {
                    one.flag()?;
                    options.unjoined = true;
                }
                "check" => options.check = Some(one.value("|check| check.equal_tasks()")?),
                "crate" => match one.value("my::selvedge")? {
                    Expr::Path(path) => options.krate = path.path,
                    _ => return one.error("write `crate = my::selvedge`"),
                },
                _ => options.inputs.push(one.input()?),
            }
            seen.push(name);
        }
        if let [_, second, ..] = engines[..] {
            let message =
                "one engine for each `#[selvedge::test(..)]`: write another one above or below";
            return Err(Error::new(second.span(), message));
        }
        options.engine = match engines.first().map(|engine| engine.to_string()).as_deref() {
            Some("sample") => Engine::Sample {
                cases: details.take("cases"),
                seed: details.take("seed"),
                pct: details.take("pct"),
            },
            Some("loom") => Engine::Loom { preemptions: details.take("preemptions") },
            Some(_) => {
                Engine::Tokio { threads: details.take("threads"), runs: details.take("runs") }
            }
            None => Engine::Explore,
        };
        details.all_taken()?;
        options.fit(&given)?;
        Ok(options)
    }
}

impl Given {
    fn input(&self) -> Result<Input> {
        let (value, generated) = match &self.value {
            Value::Is(value) => (value.clone(), false),
            Value::In(strategy) => (strategy.clone(), true),
            _ => {
                return self
                    .error(&format!("there is no option `{}`; there are {OPTIONS}", self.name));
            }
        };
        Ok(Input { name: self.name.clone(), value, generated })
    }
}

impl Options {
    /// Whether the options go together: what an engine would pass over in silence is an error.
    fn fit(&self, given: &Punctuated<Given, Token![,]>) -> Result<()> {
        let named = |name: &str| given.iter().find(|one| one.name == name);
        for name in ["grain", "clock"] {
            let fixed = match self.engine {
                Engine::Explore | Engine::Sample { .. } => continue,
                Engine::Loom { .. } => "loom interleaves at every operation and knows no time",
                Engine::Tokio { .. } => "a real runtime has its own",
            };
            if let Some(one) = named(name) {
                return one.error(&format!("`{name}` is for `explore` and `sample`: {fixed}"));
            }
        }
        if let Engine::Tokio { threads: None, runs: Some(_) } = self.engine
            && let Some(one) = named("runs")
        {
            return one
                .error("one thread runs the same way each time: `runs` goes with `threads = 4`");
        }
        if let Some(input) = self.inputs.iter().find(|input| input.generated) {
            let name = &input.name;
            let message = match self.engine {
                Engine::Sample { pct: None, .. } => return Ok(()),
                Engine::Sample { .. } => {
                    "a generated argument brings generated schedules: leave `pct` out".into()
                }
                _ => {
                    format!("only `sample` generates arguments; here write one value: `{name} = 2`")
                }
            };
            return Err(Error::new(name.span(), message));
        }
        Ok(())
    }
}

/// Settings of one engine each.
#[derive(Default)]
struct Details(Vec<(String, Span, Expr)>);

impl Details {
    fn set(&mut self, one: &Given, example: &str) -> Result<()> {
        self.0.push((one.name.to_string(), one.name.span(), one.value(example)?));
        Ok(())
    }

    fn take(&mut self, name: &str) -> Option<Expr> {
        let at = self.0.iter().position(|(set, ..)| set == name)?;
        Some(self.0.remove(at).2)
    }

    /// What no engine took belongs to another.
    fn all_taken(&self) -> Result<()> {
        let Some((name, span, _)) = self.0.first() else { return Ok(()) };
        let engine = match name.as_str() {
            "preemptions" => "loom",
            "threads" | "runs" => "tokio",
            _ => "sample",
        };
        Err(Error::new(
            *span,
            format!("`{name}` goes with `{engine}`: `#[selvedge::test({engine}, {name} = ..)]`"),
        ))
    }
}
