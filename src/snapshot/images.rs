//! What the picture knows of the images that are trained on, and of those on their way in.

/// Images that are being read while the run goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loading {
    /// What they are called: the folder, the file.
    pub name: String,
    /// What is being done with them, e.g. "reading".
    pub doing: &'static str,
    /// Images done.
    pub done: u64,
    /// Images to do; 0 while that is not known.
    pub total: u64,
}

/// What was read from files, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImagesReport {
    /// What they are called: the folder, the file.
    pub name: String,
    /// Images in the set.
    pub images: u64,
    /// Of these, kept from training for the meters.
    pub held_out: u64,
    /// Names of the classes; empty without labels.
    pub classes: Vec<String>,
    /// Width and height of the smallest image and of the largest, as they lie on the GPU.
    pub sizes: [[u32; 2]; 2],
    /// Files that were left out: path and reason.
    pub skipped: Vec<(String, String)>,
    /// Whatever else is worth knowing: thinning, downsizing, what is held out.
    pub notes: Vec<String>,
}

impl ImagesReport {
    /// One line: how many, of how many classes, how large.
    pub fn summary(&self) -> String {
        let number = |count: u64, one: &str, many: &str| match count {
            1 => format!("1 {one}"),
            _ => format!("{} {many}", grouped(count)),
        };
        let classes = match self.classes.len() {
            0 => "no labels".to_owned(),
            count => number(count as u64, "class", "classes"),
        };
        let [[width, height], [widest, highest]] = self.sizes;
        let sizes = match self.sizes {
            [least, most] if least == most => format!("{width}×{height} px"),
            _ => format!("{width}×{height} to {widest}×{highest} px"),
        };
        format!("{}, {classes}, {sizes}", number(self.images, "image", "images"))
    }
}

/// A count in groups of three digits: 12,345.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_how_many_of_what_and_how_large() {
        let report = ImagesReport { images: 1240, sizes: [[32, 32], [32, 32]], ..Default::default() };
        assert_eq!(report.summary(), "1,240 images, no labels, 32×32 px");
        let report = ImagesReport { images: 1, classes: vec!["cat".into()], sizes: [[4, 8], [512, 300]], ..Default::default() };
        assert_eq!(report.summary(), "1 image, 1 class, 4×8 to 512×300 px");
    }
}
