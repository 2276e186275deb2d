//! Combines pictures: kuva's drawings become one SVG file, or a part of a page.
//!
//! Stands beside `chart`, which draws one. Each picture keeps kuva's whole SVG element, nested in
//! another one. The outermost has a title for screen readers, and a view box, so that a page may
//! scale it.

use std::fmt::Write;

use kuva::backend::svg::SvgBackend;
use kuva::render::layout::Layout;
use kuva::render::plots::Plot;
use kuva::render::render::render_multiple;

/// One drawing, or several in a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    title: String,
    width: f64,
    height: f64,
    /// SVG elements, each at its place.
    body: String,
}

/// Space between the pictures of one frame, in pixels.
const GAP: f64 = 24.0;

impl Picture {
    /// A drawing of kuva.
    pub fn of(title: &str, plots: Vec<Plot>, layout: Layout) -> Picture {
        let scene = render_multiple(plots, layout);
        let (width, height) = (scene.width, scene.height);
        Picture { title: title.to_owned(), width, height, body: SvgBackend::new().render_scene(&scene) }
    }

    /// The picture as an SVG element. `name` distinguishes the pictures of one page, since ids are
    /// global to the page.
    pub fn svg(&self, name: &str) -> String {
        let (width, height) = (self.width.ceil(), self.height.ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
             <title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{}</svg>\n",
            escaped(&self.title),
            self.body.replace("kuva-clip-", &format!("{name}clip-"))
        )
    }
}

/// Pictures side by side.
pub fn row(title: &str, pictures: Vec<Picture>) -> Picture {
    framed(title, pictures, false)
}

/// Pictures one below the other.
pub fn column(title: &str, pictures: Vec<Picture>) -> Picture {
    framed(title, pictures, true)
}

fn framed(title: &str, pictures: Vec<Picture>, is_column: bool) -> Picture {
    let mut out = Picture { title: title.to_owned(), width: 0.0, height: 0.0, body: String::new() };
    for (i, picture) in pictures.into_iter().enumerate() {
        let gap = if i > 0 { GAP } else { 0.0 };
        let (x, y) = if is_column { (0.0, out.height + gap) } else { (out.width + gap, 0.0) };
        // Positions the nested element, and makes the names of its clip paths unique.
        let body = picture.body.replace("kuva-clip-", &format!("kuva-clip-{i}-"));
        // Writing into a string cannot fail.
        let _ = writeln!(
            out.body,
            r#"<svg x="{x}" y="{y}" width="{}" height="{}">{body}</svg>"#,
            picture.width, picture.height
        );
        out.width = out.width.max(x + picture.width);
        out.height = out.height.max(y + picture.height);
    }
    out
}

/// Escapes text for SVG and HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(title: &str) -> Picture {
        let body = "<svg><path clip-path=\"url(#kuva-clip-0)\"/></svg>".to_owned();
        Picture { title: title.to_owned(), width: 100.0, height: 50.0, body }
    }

    #[test]
    fn pictures_stand_beside_and_below_each_other() {
        let both = column("a & b", vec![row("", vec![one("1"), one("2")]), one("3")]);
        assert_eq!((both.width, both.height), (200.0 + GAP, 100.0 + GAP));
        let svg = both.svg("page1-");
        assert!(svg.contains("<title>a &amp; b</title>") && svg.contains(r#"viewBox="0 0 224 124""#), "{svg}");
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        let mut names: Vec<&str> = svg.split("url(#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 3, "every clip path is unique: {names:?}");
    }
}
