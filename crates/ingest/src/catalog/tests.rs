use super::*;

const HEAD: &str = "apiVersion: holdfast.dev/v1\nkind: NodeCatalog\n";

fn read(text: &str) -> (Catalog, Vec<(u32, String)>) {
    let (found, told) = catalog(Source::named("file", format!("{HEAD}{text}")));
    let line = |one: &Diagnostic| one.place.as_ref().map_or(0, |place| place.line);
    (found, told.iter().map(|one| (line(one), one.detail.clone())).collect())
}

#[test]
fn what_is_reserved_is_not_for_pods() {
    let (found, told) = read(concat!(
        "currency: EUR\nper: month\nsource: made up\ntypes:\n- name: small\n",
        "  price: \"10.50\"\n  capacity: {cpu: 4, memory: 8Gi, nvidia.com/gpu: 2}\n",
        "  reserved: {cpu: 250m, memory: 1Gi}\n  zones: [a, b]\n  labels: {disk: ssd}\n",
        "  taints: [{key: gpu, effect: NoSchedule}]\n",
    ));
    assert_eq!(told, []);
    let small = &found.types[0];
    assert_eq!((small.shape.allocatable.cpu_milli, small.shape.capacity.cpu_milli), (3_750, 4_000));
    assert_eq!(small.shape.allocatable.memory, 7 << 30);
    assert_eq!(small.shape.allocatable.scalars, [("nvidia.com/gpu".to_owned(), 2)]);
    assert_eq!(small.shape.pods, 110, "what a kubelet takes by default");
    assert_eq!(small.price.map(|price| price.to_string()).as_deref(), Some("10.50"));
    assert_eq!(small.zones, ["a", "b"]);
    let prices = found.prices.unwrap();
    assert_eq!((&*prices.currency, prices.per, &*prices.source), ("EUR", Per::Month, "made up"));
}

#[test]
fn what_makes_no_sense_is_told_with_its_place() {
    let told = |text: &str| read(text).1;
    let one = |text: &str| {
        let told = told(&format!("types:\n- name: a\n{text}"));
        assert_eq!(told.len(), 1, "{told:?}");
        told[0].clone()
    };
    let line = |number: u32, text: &str| (number, text.to_owned());
    assert_eq!(
        one("  capacity: {cpu: 0, memory: 1Gi}\n"),
        line(5, "a: cpu: 0 is not more than zero")
    );
    assert_eq!(
        one("  capacity: {cpu: 1, memory: -1Gi}\n"),
        line(5, "a: memory: -1Gi is not more than zero")
    );
    assert_eq!(one("  capacity: {cpu: 1}\n"), line(4, "a: no memory in its capacity"));
    assert_eq!(
        one("  capacity: {cpu: 1, memory: 1Gi}\n  reserved: {cpu: 1}\n"),
        line(4, "a: as much cpu is reserved as there is")
    );
    assert_eq!(
        one("  capacity: {cpu: 1, memory: 1Gi, gpu: 1}\n"),
        line(5, "a: gpu is no resource of a node")
    );
    let unknown = one("  capacity: {cpu: 1, memory: 1Gi}\n  prize: 3\n");
    assert!(unknown.1.contains("prize"), "{unknown:?}");
    let twice = "types:\n- {name: a, capacity: {cpu: 1, memory: 1}}\n\
                 - {name: a, capacity: {cpu: 1, memory: 1}}\n";
    assert_eq!(told(twice), [line(5, "a is there twice")]);
    let bare = told("types:\n- {name: a, price: \"1\", capacity: {cpu: 1, memory: 1}}\n");
    assert_eq!(bare.len(), 3, "no currency, no source, and for how long: {bare:?}");
    let zero = "currency: EUR\nper: hour\nsource: x\n\
                types:\n- {name: a, price: \"0\", capacity: {cpu: 1, memory: 1}}\n";
    assert_eq!(told(zero), [line(7, "a: price 0: a price is more than zero")]);
    assert_eq!(told("types: []\n"), [line(1, "it has no types")]);
}
