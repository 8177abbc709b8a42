//! What the meter finds and adds, on small modules.

use meter::{Interpreter, Report, hint, import_memory, meter, track};
use walrus::{Module, ModuleConfig};

fn module(text: &str) -> Module {
    let bytes = wat::parse_str(text).expect("the module is valid text");
    ModuleConfig::new().generate_producers_section(false).parse(&bytes).expect("the module is valid")
}

fn report(text: &str) -> Report {
    let mut module = module(text);
    let report = meter(&mut module, None).expect("the module can be metered");
    walrus::Module::from_buffer(&module.emit_wasm()).expect("what comes out is valid");
    report
}

#[test]
fn every_loop_pays_however_deep_it_lies() {
    let found = report(
        "(module (func (param i32)
            (loop (loop (br_if 0 (local.get 0))))
            (if (local.get 0) (then (loop)) (else (block (loop))))))",
    );
    assert_eq!(found.loops, 4);
}

#[test]
fn a_function_that_calls_itself_pays() {
    assert_eq!(report("(module (func $f (call $f)))").cycle_breakers, 1);
    assert_eq!(report("(module (func $f (return_call $f)))").cycle_breakers, 1);
}

#[test]
fn one_function_of_a_cycle_pays_and_none_without_a_cycle() {
    assert_eq!(report("(module (func $a (call $b)) (func $b (call $c)) (func $c (call $a)))").cycle_breakers, 1);
    assert_eq!(report("(module (func $a (call $b)) (func $b (call $c)) (func $c))").cycle_breakers, 0);
}

#[test]
fn a_cycle_through_a_table_pays() {
    let text = |ty| {
        format!(
            "(module (type $t (func)) (type $u (func (param i32))) (table 1 funcref) (elem (i32.const 0) $f)
                (func $f (type $t) (call_indirect (type {ty}) {} (i32.const 0))))",
            if ty == "$u" { "(i32.const 1)" } else { "" }
        )
    };
    assert_eq!(report(&text("$t")).cycle_breakers, 1);
    assert_eq!(report(&text("$u")).cycle_breakers, 0, "no function of that type is in the table");
}

#[test]
fn an_interpreter_is_free_round_its_dispatch_only() {
    let mut module = module(
        "(module (func $run (param i32)
            (loop (br_if 0 (local.get 0)))
            (loop $dispatch
                (block $a (block $b (br_table $a $b $dispatch (local.get 0))))
                (loop (br_if 0 (local.get 0)))
                (call $run (local.get 0)))))",
    );
    let interpreter = Interpreter { function: "run", jumps: &[0, 1] };
    let found = meter(&mut module, Some(interpreter)).expect("the module can be metered");
    assert_eq!((found.loops, found.exempt_loops, found.jumps, found.cycle_breakers), (2, 1, 2, 0));
}

#[test]
fn the_code_of_an_opcode_begins_where_its_jump_leads() {
    let text = |first| {
        format!(
            "(module (func $run (param i32)
                (loop $dispatch
                    (block $a (block $b (block $invalid
                        (br_table $a $b $invalid (i32.sub (local.get 0) (i32.const {first}))))
                        (unreachable))
                        (br $dispatch))
                    (br $dispatch))))"
        )
    };
    let jumps = |first, jumps: &[usize]| {
        let mut module = module(&text(first));
        meter(&mut module, Some(Interpreter { function: "run", jumps })).map(|report| report.jumps)
    };
    assert_eq!(jumps(0, &[0, 1]).ok(), Some(2));
    assert_eq!(jumps(5, &[5, 6, 6]).ok(), Some(2));
    let error = jumps(5, &[7]).expect_err("the table has two");
    assert_eq!(error.to_string(), "The interpreter's jump table has no code for opcode 7");
    assert!(jumps(5, &[4]).is_err());
}

#[test]
fn an_interpreter_that_is_not_there_is_an_error() {
    let error = meter(&mut module("(module)"), Some(Interpreter { function: "run", jumps: &[] }))
        .expect_err("there is no such function");
    assert_eq!(error.to_string(), "The module has no function \"run\"");
}

#[test]
fn bulk_instructions_and_the_import_for_payment_are_replaced() {
    let mut module = module(
        "(module (import \"meter\" \"pay\" (func $pay (param i32))) (memory 1)
            (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9))
                (loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 9)))
                (call $pay (i32.const 5))))",
    );
    let found = meter(&mut module, None).expect("the module can be metered");
    assert_eq!(found.bulk_instructions, 2);
    let imports: Vec<&str> = module.imports.iter().map(|import| import.name.as_str()).collect();
    assert_eq!(imports, ["out_of_fuel", "stack_overflow"]);
}

#[test]
fn the_memory_becomes_an_import_without_a_maximum() {
    let mut module = module("(module (memory (export \"memory\") 3 9) (data (i32.const 0) \"x\"))");
    import_memory(&mut module, "sandglass").expect("there is a memory");
    let emitted = Module::from_buffer(&module.emit_wasm()).expect("what comes out is valid");
    let memory = emitted.memories.iter().next().expect("the memory is there");
    assert_eq!((memory.initial, memory.maximum, memory.import.is_some()), (3, None, true));
}

#[test]
fn branches_to_payment_are_hinted_and_names_dropped() {
    let mut module = module("(module (func $f (param i32) (if (local.get 0) (then (call $f (i32.const 1))))))");
    meter(&mut module, None).expect("the module can be metered");
    let bytes = hint(&module.emit_wasm()).expect("the module can be hinted");
    let sections: Vec<String> = wasmparser::Parser::new(0)
        .parse_all(&bytes)
        .filter_map(|payload| match payload.expect("what comes out is valid") {
            wasmparser::Payload::CustomSection(section) => Some(section.name().to_string()),
            _ => None,
        })
        .collect();
    assert!(sections.contains(&"metadata.code.branch_hint".to_string()), "{sections:?}");
    assert!(!sections.contains(&"name".to_string()), "{sections:?}");
}

/// How many stores of `code` mark; `$p`, `$q` and `$n` are its locals.
fn marks(code: &str) -> usize {
    let mut module = module(&format!(
        "(module (memory 1) (type $two (func (result i32 i32))) (func $two (type $two) (i32.const 1) (i32.const 2))
            (func (param $p i32) (param $q i32) (local $n i32) {code}))"
    ));
    let tracked = track(&mut module).expect("the module can be tracked");
    let emitted = Module::from_buffer(&module.emit_wasm()).expect("what comes out is valid");
    assert_eq!(emitted.exports.iter().map(|export| export.name.as_str()).collect::<Vec<_>>(), ["cards"]);
    assert_eq!(tracked.stores, code.matches("store").count() + code.matches("memory.").count());
    tracked.marked
}

const STORE: &str = "(i32.store (local.get $p) (i32.const 7))";

#[test]
fn a_store_marks_and_those_within_a_card_after_it_do_not() {
    assert_eq!(marks(STORE), 1);
    assert_eq!(marks(&format!("{STORE} (i64.store offset=1016 (local.get $p) (i64.const 7))")), 1);
    assert_eq!(marks(&format!("{STORE} (i64.store offset=1017 (local.get $p) (i64.const 7))")), 2);
    assert_eq!(marks(&format!("{STORE} (i32.store8 (i32.add (local.get $p) (i32.const 1023)) (i32.const 7))")), 1);
    assert_eq!(marks(&format!("{STORE} (i32.store8 (i32.add (i32.const 1024) (local.get $p)) (i32.const 7))")), 2);
    assert_eq!(marks(&format!("{STORE} (i32.store8 (i32.sub (local.get $p) (i32.const 1)) (i32.const 7))")), 2);
    assert_eq!(marks(&format!("{STORE} (i32.store (local.get $q) (i32.const 7))")), 2);
}

#[test]
fn a_vector_and_its_lanes_are_stores() {
    let vector = "(v128.store offset=1008 (local.get $p) (v128.const i64x2 1 2))";
    let lane = "(v128.store8_lane offset=9 3 (local.get $p) (v128.const i64x2 1 2))";
    assert_eq!((marks(vector), marks(lane), marks(&format!("{lane} {vector}"))), (1, 1, 1));
    assert_eq!(marks("(drop (v128.load8_lane 3 (local.get $p) (v128.const i64x2 1 2)))"), 0);
}

#[test]
fn a_far_store_marks_apart() {
    assert_eq!(marks(&format!("{STORE} (i32.store offset=5000 (local.get $p) (i32.const 7))")), 2);
    let far =
        "(i32.store offset=5000 (local.get $p) (i32.const 7)) (i32.store offset=6020 (local.get $p) (i32.const 7))";
    assert_eq!(marks(far), 1);
    assert_eq!(marks(&format!("{far} {STORE}")), 2);
}

#[test]
fn constant_addresses_mark() {
    let store = |at: i32, offset: u32| format!("(i32.store offset={offset} (i32.const {at}) (i32.const 7))");
    assert_eq!(marks(&(store(5000, 0) + &store(0, 5100))), 1);
    assert_eq!(marks(&(store(5000, 0) + &store(7000, 0))), 2);
    assert_eq!(marks(&store(-4, 4_294_967_295)), 1);
}

#[test]
fn a_local_that_is_overwritten_is_another_address() {
    assert_eq!(marks(&format!("{STORE} (local.set $p (local.get $q)) {STORE}")), 2);
    assert_eq!(marks(&format!("{STORE} (local.set $p (i32.add (local.get $p) (i32.const 8))) {STORE}")), 1);
    let between = "(local.get $p) (local.set $p (local.get $q)) (i32.const 7) (i32.store)";
    assert_eq!(marks(&format!("{between} {STORE}")), 2);
    assert_eq!(marks(&format!("(local.set $n (local.get $p)) {between} (i32.store (local.get $n) (i32.const 7))")), 1);
}

#[test]
fn a_store_in_a_loop_marks_each_turn_if_its_address_may_change() {
    let next = "(local.set $p (i32.add (local.get $p) (i32.const 4))) (br_if 0 (local.get $p))";
    assert_eq!(marks(&format!("{STORE} (loop {STORE} {next})")), 2);
    assert_eq!(marks(&format!("{STORE} (loop (loop {STORE}) {next}) {STORE}")), 2, "it ends 4 after the last turn's");
    assert_eq!(marks(&format!("{STORE} (loop {STORE} (br_if 0 (local.get $q)))")), 1);
}

#[test]
fn a_mark_holds_where_every_way_has_passed_it() {
    assert_eq!(marks(&format!("(if (local.get $q) (then {STORE})) {STORE}")), 2);
    assert_eq!(marks(&format!("(if (local.get $q) (then {STORE}) (else {STORE})) {STORE}")), 2);
    assert_eq!(marks(&format!("(if (local.get $q) (then {STORE}) (else (return))) {STORE}")), 1);
    assert_eq!(marks(&format!("(block (br_if 0 (local.get $q)) {STORE}) {STORE}")), 2);
    assert_eq!(marks(&format!("(block {STORE} (br_if 0 (local.get $q)) (unreachable)) {STORE}")), 1);
    assert_eq!(marks(&format!("(block (block (br_table 0 1 (local.get $q))) {STORE}) {STORE}")), 2);
    assert_eq!(marks(&format!("(if (local.get $q) (then (local.set $p (i32.const 9)))) {STORE} {STORE}")), 1);
}

#[test]
fn an_address_that_no_local_holds_is_kept() {
    assert_eq!(marks("(i32.store (i32.mul (local.get $p) (local.get $q)) (i32.const 7))"), 1);
    assert_eq!(marks("(i32.store (block (result i32) (br 0 (local.get $p))) (i32.const 7))"), 1);
    assert_eq!(marks("(call $two) (i32.const 7) (i32.store) (local.set $n)"), 1);
}

#[test]
fn bulk_instructions_mark_their_range() {
    assert_eq!(marks("(memory.fill (local.get $p) (i32.const 7) (i32.mul (local.get $q) (local.get $q)))"), 1);
    assert_eq!(marks(&format!("(memory.copy (local.get $p) (local.get $q) (i32.const 9)) {STORE}")), 2);
}

#[test]
fn what_cannot_be_tracked_is_an_error() {
    let error = |code: &str| {
        let text = format!(
            "(module (memory 1 1 shared) (data $d \"x\") (type $t (func (param i32 i32) (result i32 i32)))
                (func $two (result i32 i32) (i32.const 1) (i32.const 2)) (func {code}))"
        );
        track(&mut module(&text)).expect_err("this is not tracked").to_string()
    };
    let init = error("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))");
    assert!(init.starts_with("Cannot track MemoryInit"), "{init}");
    let atomic = error("(i32.atomic.store (i32.const 0) (i32.const 1))");
    assert!(atomic.starts_with("Cannot track Store"), "{atomic}");
    assert!(error("(drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))").starts_with("Cannot track AtomicRmw"));
    assert!(error("(call $two) (block (type $t)) (drop) (drop)").starts_with("Cannot track a block with parameters"));
    let several = error("(call $two) (drop) (i32.const 7) (i32.store)");
    assert_eq!(several, "Cannot track an address that is not the last of several results");
    let wide = track(&mut module("(module (memory i64 1))")).expect_err("this is not tracked");
    assert_eq!(wide.to_string(), "Cannot track a memory with addresses of 64 bits");
}
