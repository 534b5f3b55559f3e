//! One case, and how it is drawn.

use anyhow::{Context, Result, anyhow, bail};
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::kinds::Kind;

/// A cluster with pods to decide.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// `KIND-SEED-NUMBER`.
    pub id: String,
    /// API objects, as manifests.
    pub objects: Vec<Value>,
    /// A `KubeSchedulerConfiguration` by which it is decided; the defaults where it has none.
    pub config: Option<Value>,
    /// What happens then; where nothing does, whoever waits is decided once.
    pub run: Option<Value>,
}

impl Case {
    /// The case in one line.
    pub fn line(&self) -> String {
        self.value().to_string()
    }

    /// The case as JSON.
    pub fn value(&self) -> Value {
        let mut value = json!({"id": self.id, "objects": self.objects});
        if let Some(config) = &self.config {
            value["config"] = config.clone();
        }
        if let Some(run) = &self.run {
            value["run"] = run.clone();
        }
        value
    }

    /// The steps of its run; none where it has no run.
    pub fn steps(&self) -> &[Value] {
        self.run.as_ref().and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it is no JSON or no case.
    pub fn parse(line: &str) -> Result<Self> {
        let mut value: Value = serde_json::from_str(line).context("a case that is no JSON")?;
        let config = value.get_mut("config").map(Value::take);
        let run = value.get_mut("run").map(Value::take);
        match (value["id"].take(), value["objects"].take()) {
            (Value::String(id), Value::Array(objects)) => Ok(Self { id, objects, config, run }),
            _ => bail!("a case without id or objects"),
        }
    }
}

/// The objects of a case, and the configuration, absent where there is none.
type Parts = (Vec<Value>, Value);

/// Draws cases: the same seed and kinds give the same cases.
pub struct Generator {
    kinds: Vec<(Kind, BoxedStrategy<Parts>)>,
    seed: u64,
}

impl Generator {
    /// Draws from these kinds in turn.
    pub fn new(kinds: &[Kind], seed: u64) -> Self {
        let strategy = |kind: &Kind| (kind.objects(), kind.config()).boxed();
        Self { kinds: kinds.iter().map(|kind| (*kind, strategy(kind))).collect(), seed }
    }

    /// The case with that number.
    ///
    /// # Errors
    /// When there are no kinds, or a strategy gives up.
    pub fn case(&self, number: u64) -> Result<Case> {
        let count = self.kinds.len().max(1) as u64;
        let Some((kind, parts)) = self.kinds.get((number % count) as usize) else {
            bail!("no kinds of case to draw from");
        };
        let mut runner =
            TestRunner::new_with_rng(Config::default(), self.rng(kind, number / count));
        let tree = parts.new_tree(&mut runner).map_err(|reason| anyhow!("draw: {reason}"))?;
        let id = format!("{}-{}-{}", kind.name, self.seed, number / count);
        let (objects, config) = tree.current();
        let config = Some(config).filter(|config| !config.is_null());
        Ok(Case { id, objects, config, run: None })
    }

    /// A stream of its own for every kind and number, so that a case stays what it is when kinds
    /// are left out.
    fn rng(&self, kind: &Kind, number: u64) -> TestRng {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&number.to_le_bytes());
        for (place, byte) in seed[16..].iter_mut().zip(kind.name.bytes()) {
            *place = byte;
        }
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kinds::KINDS;

    #[test]
    fn a_seed_is_a_case() {
        let draw = |seed| Generator::new(KINDS, seed).case(7).unwrap();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_eq!(Case::parse(&draw(1).line()).unwrap(), draw(1));
    }

    #[test]
    fn a_case_does_not_depend_on_the_other_kinds() {
        let all = Generator::new(KINDS, 3);
        let last = Generator::new(&KINDS[KINDS.len() - 1..], 3);
        let count = KINDS.len() as u64;
        assert_eq!(all.case(count * 5 - 1).unwrap(), last.case(4).unwrap());
    }

    #[test]
    fn every_kind_makes_sound_cases() {
        let generator = Generator::new(KINDS, 11);
        for number in 0..KINDS.len() as u64 * 8 {
            let case = generator.case(number).unwrap();
            let mut seen = BTreeSet::new();
            for object in &case.objects {
                let metadata = &object["metadata"];
                assert!(object["kind"].is_string() && metadata["name"].is_string(), "{object}");
                let name =
                    format!("{}{}{}", object["kind"], metadata["namespace"], metadata["name"]);
                assert!(seen.insert(name), "{} has {metadata} twice", case.id);
            }
            let pending = |object: &Value| {
                object["kind"] == "Pod" && object["spec"].get("nodeName").is_none()
            };
            assert!(case.objects.iter().any(pending), "{}", case.id);
        }
    }
}
