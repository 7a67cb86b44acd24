//! The embedded WGSL files, and `#import "shared/x.wgsl"`: the named file's text is put in once, before the importing file.
//!
//! WGSL's module scope is order-free, so that is all an import has to be. A line map leads errors back to the file.

use include_dir::{Dir, include_dir};

use super::error::ShaderError;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/shaders");

/// The shader files by path.
#[derive(Clone, Debug)]
pub struct ShaderLibrary {
    files: &'static Dir<'static>,
}

/// A shader with its imports put in.
#[derive(Clone, Debug)]
pub struct Source {
    /// The whole text.
    pub wgsl: String,
    /// For each line of `wgsl`: the file and the line (from 1) it came from.
    pub lines: Vec<(String, u32)>,
}

impl Source {
    /// "ops/matmul.wgsl:12" for a line (from 1) of the whole text.
    pub fn origin(&self, line: u32) -> String {
        match self.lines.get((line as usize).saturating_sub(1)) {
            Some((file, number)) => format!("{file}:{number}"),
            None => format!("line {line}"),
        }
    }
}

impl ShaderLibrary {
    /// The shaders that were compiled into the program.
    pub fn embedded() -> Self {
        Self { files: &EMBEDDED }
    }

    /// All paths, sorted.
    pub fn paths(&self) -> Vec<String> {
        fn visit(dir: &Dir<'_>, paths: &mut Vec<String>) {
            paths.extend(dir.files().map(|file| file.path().to_string_lossy().replace('\\', "/")));
            dir.dirs().for_each(|dir| visit(dir, paths));
        }
        let mut paths = Vec::new();
        visit(self.files, &mut paths);
        paths.sort();
        paths
    }

    fn text(&self, file: &str) -> Result<&'static str, ShaderError> {
        self.files
            .get_file(file)
            .and_then(|found| found.contents_utf8())
            .ok_or_else(|| ShaderError { file: file.to_owned(), message: "no such file under shaders/".to_owned() })
    }

    /// A file's text with its imports, each once.
    pub fn resolve(&self, file: &str) -> Result<Source, ShaderError> {
        let mut source = Source { wgsl: String::new(), lines: Vec::new() };
        self.include(file, &mut Vec::new(), &mut source)?;
        Ok(source)
    }

    fn include(&self, file: &str, seen: &mut Vec<String>, source: &mut Source) -> Result<(), ShaderError> {
        if seen.iter().any(|known| known == file) {
            return Ok(());
        }
        seen.push(file.to_owned());
        let text = self.text(file)?;
        for line in text.lines() {
            if let Some(import) = line.trim().strip_prefix("#import") {
                self.include(import.trim().trim_matches('"'), seen, source)?;
            }
        }
        for (number, line) in (1..).zip(text.lines()) {
            let line = if line.trim_start().starts_with("#import") { "" } else { line };
            source.wgsl.push_str(line);
            source.wgsl.push('\n');
            source.lines.push((file.to_owned(), number));
        }
        Ok(())
    }
}
