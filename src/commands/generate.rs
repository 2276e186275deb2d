//! `completions` and `man`: what the command line's own description can be turned into. Only the root works.

use std::fs;

use crate::cli::{self, Completions, ManPages};
use crate::cluster::Cluster;
use crate::error::{Error, Result};

/// Prints a shell's completion script.
pub fn completions(cluster: &Cluster, options: &Completions) -> Result<u8> {
    let written = cluster.at_root(|| cluster.print(&cli::completions(options.shell)));
    cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
}

/// Writes the manual pages into a folder.
pub fn man(cluster: &Cluster, options: &ManPages) -> Result<u8> {
    let written = cluster.at_root(|| {
        let folder = &options.dir;
        fs::create_dir_all(folder).map_err(Error::io(format!("cannot make {}", folder.display())))?;
        cli::man_pages().into_iter().try_for_each(|(name, page)| {
            let path = folder.join(name);
            fs::write(&path, page).map_err(Error::io(format!("cannot write {}", path.display())))
        })
    });
    cluster.agree(written.unwrap_or(Ok(()))).map(|()| 0)
}
