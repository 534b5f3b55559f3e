//! The closed list of what can be wrong with an input.

/// A kind of diagnostic. Ids are stable: scripts and waivers name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A file of no bytes, or of white space alone.
    EmptyFile,
    /// Bytes that are no text and no archive that is read here.
    BinaryFile,
    /// An archive of a kind that is not read here, such as zip or xz.
    UnsupportedArchive,
    /// A gzip, zstd or tar file whose contents do not decode.
    BrokenArchive,
    /// An archive that unpacks to more than the limit, or that nests archives too deep.
    ArchiveTooLarge,
    /// Text in UTF-16 or UTF-32.
    WrongEncoding,
    /// A byte that is not UTF-8.
    NotUtf8,
    /// JSON or an archive that ends in the middle.
    Truncated,
    /// Text that is not JSON where JSON must stand.
    InvalidJson,
    /// A YAML document that does not parse.
    InvalidYaml,
    /// A YAML document whose aliases unfold to more than the limit.
    YamlTooLarge,
    /// Nesting deeper than the limit.
    TooDeep,
    /// The same key twice in one mapping.
    DuplicateKey,
    /// A field whose type is not what the API says.
    WrongType,
    /// Items without `kind` in a list that does not say it either.
    NoKind,
    /// Items whose kind was taken from the name of the file.
    KindFromPath,
    /// Objects written with Go's field names (`ObjectMeta`), read as if with the API's.
    GoFieldNames,
    /// A `Status` that the API server gave instead of an answer.
    ApiError,
    /// Text without a single API object.
    NoObjects,
    /// A value that a redactor wrote over so that the YAML no longer parses; read as its mark.
    HiddenValue,
    /// The log blocks of a `kubectl cluster-info dump` do not end.
    UnendedLog,
    /// A resource amount that is no quantity, below zero, or beyond what the API can hold.
    BadQuantity,
    /// A host port that does not exist.
    BadPort,
    /// A selector that does not parse: it selects nothing.
    BadSelector,
    /// A field whose value the API does not have.
    BadField,
    /// Objects of a kind that Kubernetes does not have.
    UnknownKind,
    /// An object that was laid over an export, of a kind that others define.
    KindNotRead,
    /// What a manifest that Helm applies does not say any more.
    TakenAsDropped,
    /// An object without a name.
    NoName,
    /// The same object more than once, the same each time.
    SameObjectTwice,
    /// Several objects of one kind and name that differ.
    ObjectsDiffer,
    /// Pods or workloads, but not one node.
    NoNodes,
    /// Pods bound to a node that is not in the input.
    UnlistedNode,
    /// Pods name a priority class that is not in the input.
    UnknownPriorityClass,
    /// Pods name a runtime class that is not in the input, and carry no overhead.
    UnknownRuntimeClass,
    /// A workload known from its pods alone.
    OwnerInferred,
    /// Pods made here as the controllers would make them.
    PodsExpanded,
    /// An autoscaler of something that is not in the input.
    AutoscalerWithoutTarget,
    /// An assumption that makes no sense, or names what is not there.
    BadAssumption,
    /// An assumption that the export contradicts.
    AssumptionContradicts,
    /// An assumption about a storage class that the export does not hold.
    UnusedAssumption,
    /// A domain that makes no sense, or names what is not there.
    BadDomain,
    /// A catalogue of nodes that makes no sense.
    BadCatalog,
    /// Layouts to choose between that make no sense.
    BadOptions,
    /// A policy that makes no sense.
    BadPolicy,
    /// A scheduler configuration that kube-scheduler would not start with.
    BadSchedulerConfig,
    /// A scheduler configuration of another version than is read.
    SchedulerConfigVersion,
    /// A plugin that kube-scheduler does not ship.
    ForeignPlugin,
    /// A service outside that the scheduler asks.
    Extender,
    /// Plugins that a profile leaves out although something else insists on them.
    OddProfile,
}

impl Rule {
    /// Every rule, in the order of declaration.
    pub const ALL: [Self; 50] = [
        Self::EmptyFile,
        Self::BinaryFile,
        Self::UnsupportedArchive,
        Self::BrokenArchive,
        Self::ArchiveTooLarge,
        Self::WrongEncoding,
        Self::NotUtf8,
        Self::Truncated,
        Self::InvalidJson,
        Self::InvalidYaml,
        Self::YamlTooLarge,
        Self::TooDeep,
        Self::DuplicateKey,
        Self::WrongType,
        Self::NoKind,
        Self::KindFromPath,
        Self::GoFieldNames,
        Self::ApiError,
        Self::NoObjects,
        Self::HiddenValue,
        Self::UnendedLog,
        Self::BadQuantity,
        Self::BadPort,
        Self::BadSelector,
        Self::BadField,
        Self::UnknownKind,
        Self::KindNotRead,
        Self::TakenAsDropped,
        Self::NoName,
        Self::SameObjectTwice,
        Self::ObjectsDiffer,
        Self::NoNodes,
        Self::UnlistedNode,
        Self::UnknownPriorityClass,
        Self::UnknownRuntimeClass,
        Self::OwnerInferred,
        Self::PodsExpanded,
        Self::AutoscalerWithoutTarget,
        Self::BadAssumption,
        Self::AssumptionContradicts,
        Self::UnusedAssumption,
        Self::BadDomain,
        Self::BadCatalog,
        Self::BadOptions,
        Self::BadPolicy,
        Self::BadSchedulerConfig,
        Self::SchedulerConfigVersion,
        Self::ForeignPlugin,
        Self::Extender,
        Self::OddProfile,
    ];

    /// The stable kebab-case id.
    pub fn id(self) -> &'static str {
        self.texts().0
    }

    /// What happened, as a lower-case fragment that a message can open with.
    pub fn summary(self) -> &'static str {
        self.texts().1
    }

    /// What to do about it, as a sentence.
    pub fn remedy(self) -> &'static str {
        self.texts().2
    }

    /// Id, summary and remedy in one table, so that no rule lacks one of them.
    #[expect(clippy::too_many_lines, reason = "one table, two lines a rule")]
    #[rustfmt::skip]
    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::EmptyFile => ("empty-file", "the file is empty",
                "Export again; an empty file often means that kubectl failed and wrote to stderr."),
            Self::BinaryFile => ("binary-file", "the file is binary",
                "Give the text that `kubectl get -o json` or `-o yaml` printed."),
            Self::UnsupportedArchive => ("unsupported-archive", "this kind of archive is not read",
                "Unpack it and give the directory, or pack it as .tar.gz, .gz or .zst."),
            Self::BrokenArchive => ("broken-archive", "the archive is damaged",
                "Fetch or pack the archive again and compare its checksum."),
            Self::ArchiveTooLarge => ("archive-too-large", "the archive unpacks to too much",
                "Unpack it by hand, look at what it holds, and give the files that matter."),
            Self::WrongEncoding => ("wrong-encoding", "the text is not in UTF-8",
                "Save it as UTF-8; `>` in Windows PowerShell 5 writes UTF-16, in pwsh 7 UTF-8."),
            Self::NotUtf8 => ("not-utf8", "a byte is not UTF-8",
                "Save the file as UTF-8, or export it again without editing."),
            Self::Truncated => ("truncated", "the file is cut off",
                "Export or copy it again; the disk or the pipe may have ended too early."),
            Self::InvalidJson => ("invalid-json", "this is not JSON",
                "Correct the text at this place, or export again."),
            Self::InvalidYaml => ("invalid-yaml", "this is not YAML",
                "Correct the text at this place; quote values that begin with `*`, `&` or `=`."),
            Self::YamlTooLarge => ("yaml-too-large", "YAML aliases unfold to too much",
                "Write the values out instead of nesting aliases."),
            Self::TooDeep => ("too-deep", "nested too deep",
                "No API object nests that deep: look for what wrapped or repeated the text."),
            Self::DuplicateKey => ("duplicate-key", "the same key stands twice",
                "Remove one of the two; which of them counts differs from reader to reader."),
            Self::WrongType => ("wrong-type", "a field has another type than the API gives it",
                "Correct the field; `kubectl apply --dry-run=server` says what the API accepts."),
            Self::NoKind => ("no-kind", "items do not say their kind",
                "Export with `kubectl get -o json`, which writes apiVersion and kind."),
            Self::KindFromPath => ("kind-from-path", "the kind was taken from the file's name",
                "Export with `kubectl get -o json` to have it from the content."),
            Self::GoFieldNames => ("go-field-names", "written with Go's field names",
                "Export with `kubectl get -o json`; printed Go structs lose detail."),
            Self::ApiError => ("api-error", "an error of the API server instead of objects",
                "Export again with the rights, or the kinds, that the error names."),
            Self::NoObjects => ("no-objects", "no API objects in it",
                "Give what `kubectl get -o json` or `-o yaml` printed, or rendered manifests."),
            Self::HiddenValue => ("hidden-value", "a redactor wrote over this value",
                "Nothing to do unless the value matters; then export without that redactor."),
            Self::UnendedLog => ("unended-log", "a log block does not end",
                "Export again; what follows the log is not read."),
            Self::BadQuantity => ("bad-quantity", "a resource amount is wrong",
                "Correct the amount; quantities look like `500m`, `2`, `1.5Gi`."),
            Self::BadPort => ("bad-port", "a port is out of range",
                "Use a port from 1 to 65535."),
            Self::BadSelector => ("bad-selector", "a selector does not parse",
                "Correct its operator or values; until then it selects nothing."),
            Self::BadField => ("bad-field", "a field has a value that the API does not know",
                "Correct the field; `kubectl apply --dry-run=server` says what the API accepts."),
            Self::UnknownKind => ("unknown-kind", "no such kind",
                "Correct `apiVersion` and `kind`; as it stands the object decides nothing."),
            Self::KindNotRead => ("kind-not-read", "this changes nothing here",
                "Lay what its controller makes of it over the export instead."),
            Self::TakenAsDropped => ("taken-as-dropped", "the manifest says less than the object",
                "Where it was set by hand and is to stay, say it in the manifest."),
            Self::NoName => ("no-name", "an object has no name",
                "Give it a name; what is made from `generateName` has none before it exists."),
            Self::SameObjectTwice => ("same-object-twice", "an object stands more than once",
                "Nothing to do: it was read once."),
            Self::ObjectsDiffer => ("objects-differ", "objects of one name differ",
                "Export once, at one moment and from one cluster; the newest was kept."),
            Self::NoNodes => ("no-nodes", "no nodes in the input",
                "Add `nodes` to the kinds that are exported; no capacity is invented."),
            Self::UnlistedNode => ("unlisted-node", "pods are bound to a node that is not there",
                "Add `nodes` to the kinds that are exported."),
            Self::UnknownPriorityClass => ("unknown-priority-class", "a priority class is missing",
                "Add `priorityclasses` to the export; until then its pods have priority 0."),
            Self::UnknownRuntimeClass => ("unknown-runtime-class", "a runtime class is not there",
                "Add `runtimeclasses` to the kinds that are exported."),
            Self::OwnerInferred => ("owner-inferred", "workloads are known from their pods alone",
                "Add the workloads' kinds to the export; their counts are taken from their pods."),
            Self::PodsExpanded => ("pods-expanded", "pods were made as controllers would",
                "Nothing to do for rendered manifests; in an export, look why pods are missing."),
            Self::AutoscalerWithoutTarget => ("autoscaler-without-target", "its target is missing",
                "Add the target's kind to the export."),
            Self::BadAssumption => ("bad-assumption", "an assumption cannot be",
                "Correct the assumptions; docs/assumptions.md says what each field means."),
            Self::AssumptionContradicts => ("assumption-contradicts",
                "an assumption is not what the export says",
                "Correct or remove the assumption, or export again if the cluster has changed."),
            Self::UnusedAssumption => ("unused-assumption", "an assumption about nothing in it",
                "Nothing to do where one file of assumptions serves several exports."),
            Self::BadDomain => ("bad-domain", "a domain cannot be",
                "Correct the file: `domains` lists the nodes of each, by its name."),
            Self::BadCatalog => ("bad-catalog", "a catalogue cannot be",
                "Correct the file: `types` lists the makes of node, docs/catalog.md tells how."),
            Self::BadOptions => ("bad-options", "layouts cannot be compared",
                "Correct the file: `options` lists the layouts, docs/options.md tells how."),
            Self::BadPolicy => ("bad-policy", "the policy makes no sense",
                "Correct it at this place; docs/policy.md tells what a policy may say."),
            Self::BadSchedulerConfig => ("bad-scheduler-config", "kube-scheduler refuses this",
                "Correct this place; version 1.36 would not start with it."),
            Self::SchedulerConfigVersion => ("scheduler-config-version",
                "only kubescheduler.config.k8s.io/v1 is read",
                "Let kube-scheduler 1.25 to 1.28 write it anew: `--config A --write-config-to B`."),
            Self::ForeignPlugin => ("foreign-plugin", "a plugin that kube-scheduler does not ship",
                "Nothing to do: what depends on it is UNKNOWN."),
            Self::Extender => ("extender", "the scheduler asks a service outside",
                "Nothing to do: what depends on its answers is UNKNOWN."),
            Self::OddProfile => ("odd-profile", "a plugin is left out where it matters",
                "Turn it on again, or take what depends on the profile as UNKNOWN."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kebab_case_and_unique() {
        let ids: std::collections::BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for id in ids {
            assert!(id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        }
    }

    #[test]
    fn remedies_are_sentences() {
        for rule in Rule::ALL {
            assert!(rule.remedy().ends_with('.'), "{}", rule.id());
            assert!(!rule.summary().ends_with('.'), "{}", rule.id());
        }
    }
}
