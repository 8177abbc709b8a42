//! Branch hints: the calls out of payments and checks are rare, and an engine that is told so keeps their code off the
//! way (github.com/WebAssembly/branch-hinting).

use anyhow::Result;
use std::collections::HashSet;
use wasm_encoder::{BranchHint, BranchHints, RawSection};
use wasmparser::{FunctionBody, KnownCustom, Name, Operator, Parser, Payload, TypeRef};

/// The name of the function that pays any number of units, by which it is found in emitted bytes.
pub const PAY: &str = "meter.pay";

/// Hint that a condition is unlikely to hold.
const UNLIKELY: u32 = 0;

/// Adds a hint for each `if` that calls one of the meter's own functions at once, and drops the names.
pub fn hint(module: &[u8]) -> Result<Vec<u8>> {
    let rare = rare_functions(module)?;
    let mut hints = BranchHints::new();
    let mut index = imported_functions(module)?;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::CodeSectionEntry(body) = payload? {
            let found = unlikely_branches(&body, &rare)?;
            if !found.is_empty() {
                hints.function_hints(index, found);
            }
            index += 1;
        }
    }
    let mut output = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if matches!(&payload, Payload::CustomSection(section) if section.name() == "name") {
            continue;
        }
        if let Payload::CodeSectionStart { .. } = payload
            && !hints.is_empty()
        {
            output.section(&hints);
        }
        if let Some((id, range)) = payload.as_section() {
            output.section(&RawSection { id, data: &module[range] });
        }
    }
    Ok(output.finish())
}

/// The functions that are called only where something is over, by their index.
fn rare_functions(module: &[u8]) -> Result<HashSet<u32>> {
    let mut rare = HashSet::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                let functions = imports
                    .into_imports()
                    .filter(|import| import.as_ref().is_ok_and(|import| matches!(import.ty, TypeRef::Func(_))));
                for (index, import) in functions.enumerate() {
                    if import?.module == "meter" {
                        rare.insert(index as u32);
                    }
                }
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(names) = section.as_known() else { continue };
                for name in names {
                    let Name::Function(functions) = name? else { continue };
                    for function in functions {
                        let function = function?;
                        if function.name == PAY {
                            rare.insert(function.index);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok(rare)
}

fn imported_functions(module: &[u8]) -> Result<u32> {
    let mut count = 0;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(imports) = payload? {
            for import in imports.into_imports() {
                count += matches!(import?.ty, TypeRef::Func(_)) as u32;
            }
        }
    }
    Ok(count)
}

fn unlikely_branches(body: &FunctionBody, rare: &HashSet<u32>) -> Result<Vec<BranchHint>> {
    let mut hints = Vec::new();
    let mut branch = None;
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        let (operator, offset) = operator?;
        match (operator, branch) {
            (Operator::If { .. }, _) => branch = Some(offset),
            (Operator::I32Const { .. }, Some(_)) => {} // the units that are paid
            (Operator::Call { function_index }, Some(offset)) if rare.contains(&function_index) => {
                let branch_func_offset = (offset - body.range().start) as u32;
                hints.push(BranchHint { branch_func_offset, branch_hint_value: UNLIKELY });
                branch = None;
            }
            _ => branch = None,
        }
    }
    Ok(hints)
}
