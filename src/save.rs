//! Files that are never half-written: aside, synced, renamed. And files that take nobody's place: numbered until the name is free.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file that gets its name when it is whole, and leaves nothing behind if it never is.
pub struct Aside {
    path: PathBuf,
    aside: PathBuf,
    done: bool,
}

impl Aside {
    /// An empty file beside `path`; folders on the way are made.
    pub fn new(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent)?;
        }
        let mut aside = name.to_owned();
        aside.push(format!(".{}.part", std::process::id()));
        let aside = path.with_file_name(aside);
        File::create(&aside)?;
        Ok(Self { path: path.to_owned(), aside, done: false })
    }

    /// The name that it will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where it is until then.
    pub fn aside(&self) -> &Path {
        &self.aside
    }

    /// It is whole: gives it its name.
    pub fn finish(mut self) -> io::Result<()> {
        File::open(&self.aside)?.sync_all()?;
        fs::rename(&self.aside, &self.path)?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_file(&self.aside);
        }
    }
}

/// Writes `path` through a temporary neighbour; on any error the old file stays as it was and the temporary one is removed.
pub fn atomically(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let aside = Aside::new(path)?;
    let mut file = BufWriter::new(File::create(aside.aside())?);
    write(&mut file)?;
    file.flush()?;
    drop(file);
    aside.finish()
}

/// `folder/stem.extension`, or the first of `stem-2`, `stem-3`, ... that does not exist yet.
pub fn free_name(folder: &Path, stem: &str, extension: &str) -> PathBuf {
    // A preset may be called by the path of its file; a name has none of that.
    let stem: String = stem.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(100).collect();
    let first = folder.join(format!("{stem}.{extension}"));
    let numbered = (2..10_000).map(|number| folder.join(format!("{stem}-{number}.{extension}")));
    std::iter::once(first.clone()).chain(numbered).find(|path| !path.exists()).unwrap_or(first)
}

/// Where a user's pictures or films belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// With the pictures.
    Pictures,
    /// With the films.
    Films,
}

/// The user's folder for pictures or films if there is one that can be written to, else the working directory, else the home
/// folder, else the one for temporary files.
pub fn folder_for(what: Belongs) -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    let (key, usual) = match what {
        Belongs::Pictures => ("XDG_PICTURES_DIR", &["Pictures"][..]),
        Belongs::Films => ("XDG_VIDEOS_DIR", &["Videos", "Movies"][..]),
    };
    let mut folders: Vec<PathBuf> = variable(key).into_iter().collect();
    if let Some(home) = &home {
        let settings = variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("user-dirs.dirs");
        folders.extend(fs::read_to_string(settings).ok().and_then(|text| user_folder(&text, key, home)));
        folders.extend(usual.iter().map(|name| home.join(name)));
    }
    folders.extend(std::env::current_dir());
    folders.extend(home);
    folders.into_iter().find(|folder| is_writable(folder)).unwrap_or_else(std::env::temp_dir)
}

/// The folder of `key` in the text of `user-dirs.dirs`, where lines read `XDG_PICTURES_DIR="$HOME/Pictures"`.
fn user_folder(text: &str, key: &str, home: &Path) -> Option<PathBuf> {
    let line = text.lines().map(str::trim).find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
    let value = line.trim_matches('"');
    let path = value.strip_prefix("$HOME/").map_or_else(|| PathBuf::from(value), |rest| home.join(rest));
    // The home folder itself there means that the user has no such folder.
    (path.is_absolute() && path != *home && value != "$HOME").then_some(path)
}

/// Whether a file can really be made in an existing folder.
fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".twinlens-{}.probe", std::process::id()));
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&probe).is_ok();
    if made {
        let _ = fs::remove_file(probe);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_until_one_is_free() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = free_name(folder.path(), "twinlens-my/own preset-7", "png");
        assert_eq!(first, folder.path().join("twinlens-my-own-preset-7.png"));
        fs::write(&first, b"").expect("it can be written");
        let second = free_name(folder.path(), "twinlens-my/own preset-7", "png");
        assert_eq!(second, folder.path().join("twinlens-my-own-preset-7-2.png"));
    }

    #[test]
    fn what_is_not_finished_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.gif");
        drop(Aside::new(&path).expect("a file aside"));
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
        let aside = Aside::new(&path).expect("a file aside");
        assert!(!path.exists());
        aside.finish().expect("it gets its name");
        assert!(path.exists());
        assert!(Aside::new(folder.path()).is_err(), "a folder is no file");
    }

    #[test]
    fn the_users_folders_are_read() {
        let home = Path::new("/home/a");
        let text = "# comment\nXDG_MUSIC_DIR=\"$HOME/Music\"\nXDG_PICTURES_DIR=\"$HOME/Bilder\"\nXDG_VIDEOS_DIR=\"$HOME\"\n";
        assert_eq!(user_folder(text, "XDG_PICTURES_DIR", home), Some(home.join("Bilder")));
        assert_eq!(user_folder(text, "XDG_VIDEOS_DIR", home), None);
        assert_eq!(user_folder("XDG_PICTURES_DIR=\"relative\"", "XDG_PICTURES_DIR", home), None);
    }
}
