//! What the meter finds and adds, on small modules.

use meter::{Report, hint, import_memory, meter};
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
    let found = meter(&mut module, Some("run")).expect("the module can be metered");
    assert_eq!((found.loops, found.exempt_loops, found.cycle_breakers), (2, 1, 0));
}

#[test]
fn an_interpreter_that_is_not_there_is_an_error() {
    let error = meter(&mut module("(module)"), Some("run")).expect_err("there is no such function");
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
