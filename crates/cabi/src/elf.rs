//! What a file is, and which functions it has, read from its bytes.
//!
//! `dlopen` says little about a file that it cannot load, and `dlsym` also finds functions of other
//! libraries: `./libf.so:exp` would be the one of libm, with another signature. So the file's own
//! table of symbols decides.

use object::{Architecture, Object, ObjectKind, ObjectSymbol, SymbolKind};

/// Names that a message lists.
const MOST_NAMES: usize = 8;

/// Checks that `bytes`, the content of `file`, are a shared library for this host that has the
/// function `name`.
///
/// # Errors
/// A sentence for the user.
pub fn check(bytes: &[u8], file: &str, name: &str) -> Result<(), String> {
    let library = object::File::parse(bytes).map_err(|_| {
        format!("{file} is no shared library; compile the function first, like: cc -O2 -shared -fPIC -o libf.so f.c")
    })?;
    let (theirs, ours) = (architecture(library.architecture()), std::env::consts::ARCH);
    if theirs != ours {
        return Err(format!("{file} is compiled for {theirs}, and this host is {ours}"));
    }
    if library.kind() != ObjectKind::Dynamic || library.dynamic_symbols().next().is_none() {
        return Err(format!("{file} is no shared library; link it with -shared"));
    }
    let defined = || library.dynamic_symbols().filter(|symbol| symbol.is_definition());
    let kind = defined().find(|symbol| symbol.name() == Ok(name)).map(|symbol| symbol.kind());
    match kind {
        Some(SymbolKind::Data | SymbolKind::Tls) => Err(format!("{name} of {file} is no function, it is data")),
        Some(_) => Ok(()),
        None => {
            let text = |symbol: &object::Symbol<'_, '_>| symbol.kind() == SymbolKind::Text;
            let functions = defined().filter(text).filter_map(|symbol| symbol.name().ok());
            Err(missing(file, name, functions.filter(|name| !name.is_empty()).collect()))
        }
    }
}

/// The name that Rust has for an architecture.
fn architecture(of: Architecture) -> String {
    match of {
        Architecture::X86_64 => "x86_64".to_owned(),
        Architecture::Aarch64 => "aarch64".to_owned(),
        Architecture::I386 => "x86".to_owned(),
        Architecture::PowerPc64 => "powerpc64".to_owned(),
        Architecture::Riscv64 => "riscv64".to_owned(),
        Architecture::S390x => "s390x".to_owned(),
        Architecture::LoongArch64 => "loongarch64".to_owned(),
        Architecture::X86_64_X32 => "x86_64_x32".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// What to say of a function that is not there.
fn missing(file: &str, name: &str, mut functions: Vec<&str>) -> String {
    let sentence = format!("{file} has no function '{name}'");
    let mangled = format!("_Z{}{name}", name.len());
    if functions.iter().any(|found| *found == format!("{name}_")) {
        return format!("{sentence}, but '{name}_': in Fortran declare it with bind(c, name='{name}')");
    }
    if functions.iter().any(|found| found.starts_with(&mangled)) {
        return format!("{sentence}, but one that C++ has renamed: declare it with extern \"C\"");
    }
    // Names that start with an underscore belong to compilers and run-time libraries.
    functions.retain(|found| !found.starts_with('_'));
    functions.sort_by_key(|found| (strsim::damerau_levenshtein(found, name), *found));
    if functions.is_empty() {
        return format!("{sentence}, nor any other; is it static, or without #[no_mangle] in Rust?");
    }
    let rest = if functions.len() > MOST_NAMES { ", ..." } else { "" };
    functions.truncate(MOST_NAMES);
    format!("{sentence}; it has {}{rest}", functions.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_library() {
        let text = check(b"double f(void);\n", "f.c", "f").expect_err("no library");
        assert!(text.starts_with("f.c is no shared library; compile the function first"), "{text}");
        assert!(check(b"", "f.so", "f").is_err() && check(b"\x7fELF", "f.so", "f").is_err());
    }

    /// An ELF header without sections: 32 or 64 bits, for a `machine`, of a `kind` (1: object file,
    /// 2: program, 3: shared library).
    fn header(bits: usize, machine: u16, kind: u8) -> Vec<u8> {
        let is_64 = bits == 64;
        let mut bytes = b"\x7fELF\0\x01\x01".to_vec();
        bytes[4] = if is_64 { 2 } else { 1 };
        bytes.resize(16, 0);
        bytes.extend([kind, 0]);
        bytes.extend(machine.to_le_bytes());
        bytes.push(1);
        bytes.resize(if is_64 { 64 } else { 52 }, 0);
        bytes[if is_64 { 52 } else { 40 }] = if is_64 { 64 } else { 52 };
        bytes
    }

    /// What [`check`] says of a header.
    fn refusal(bits: usize, machine: u16, kind: u8) -> String {
        check(&header(bits, machine, kind), "f.so", "f").expect_err("no functions")
    }

    /// `EM_386`, `EM_X86_64` and `EM_AARCH64` of the ELF standard.
    #[test]
    fn a_library_for_another_processor_is_named() {
        let host = std::env::consts::ARCH;
        assert_eq!(refusal(32, 3, 3), format!("f.so is compiled for x86, and this host is {host}"));
        let (other, name) = if host == "x86_64" { (183, "aarch64") } else { (62, "x86_64") };
        assert_eq!(refusal(64, other, 3), format!("f.so is compiled for {name}, and this host is {host}"));
        // The same processor with 32-bit addresses.
        assert!(refusal(32, 62, 3).starts_with("f.so is compiled for x86_64_x32, "), "{}", refusal(32, 62, 3));
    }

    #[test]
    fn an_object_file_or_a_program_is_no_library() {
        let ours = if std::env::consts::ARCH == "aarch64" { 183 } else { 62 };
        for kind in 1..=3 {
            assert_eq!(refusal(64, ours, kind), "f.so is no shared library; link it with -shared");
        }
    }

    #[test]
    fn a_missing_function_is_explained() {
        let of = |functions: &[&str]| missing("l.so", "peak", functions.to_vec());
        let start = "l.so has no function 'peak'";
        assert_eq!(of(&["peak_"]), format!("{start}, but 'peak_': in Fortran declare it with bind(c, name='peak')"));
        assert_eq!(
            of(&["_Z4peakiPKdPv", "g"]),
            format!("{start}, but one that C++ has renamed: declare it with extern \"C\"")
        );
        assert_eq!(of(&["zero", "peek", "_init"]), format!("{start}; it has peek, zero"));
        assert_eq!(of(&["_init"]), format!("{start}, nor any other; is it static, or without #[no_mangle] in Rust?"));
        let many: Vec<String> = (0..9).map(|i| format!("f{i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(of(&many), format!("{start}; it has f0, f1, f2, f3, f4, f5, f6, f7, ..."));
    }
}
