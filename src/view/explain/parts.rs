//! The parts of the diagrams, explained: one sentence under the pointer, two on the card, and longer answers to the questions that
//! people ask. Texts only; what is measured in the run is added by `measured.rs`.
//!
//! Contract: published figures stand here with their source and are never mixed with ours. Reference runs are those in which the
//! presets were tried out before the program was written (another implementation, a few seeds); they are called that.

use crate::command::{Dial, Switch};
use crate::config::Method;

/// A part of a diagram that explains itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The views that go in.
    Views,
    /// Images to embeddings.
    Encoder,
    /// BYOL: embeddings to projections.
    Projector,
    /// BYOL: the student's extra head.
    Predictor,
    /// DINO: embeddings to logits.
    Head,
    /// DINO: what is subtracted from the teacher's logits.
    Center,
    /// DINO: what the student's logits are divided by.
    StudentTemperature,
    /// DINO: what the teacher's logits are divided by.
    TeacherTemperature,
    /// DINO: logits to a distribution.
    Softmax,
    /// The bars across the teacher's branch.
    StopGradient,
    /// The arrow from student to teacher.
    Ema,
    /// What is minimised.
    Loss,
    /// Multi-crop: the teacher, which sees the globals only.
    Globals,
    /// Multi-crop: the student, which sees every crop.
    Locals,
    /// Multi-crop: the pairs that are compared.
    Pairs,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 15] = [
        Self::Views,
        Self::Encoder,
        Self::Projector,
        Self::Predictor,
        Self::Head,
        Self::Center,
        Self::StudentTemperature,
        Self::TeacherTemperature,
        Self::Softmax,
        Self::StopGradient,
        Self::Ema,
        Self::Loss,
        Self::Globals,
        Self::Locals,
        Self::Pairs,
    ];

    /// The switch that puts it in or leaves it out.
    pub const fn switch(self) -> Option<Switch> {
        match self {
            Self::Predictor => Some(Switch::Predictor),
            Self::Center => Some(Switch::Centering),
            Self::TeacherTemperature => Some(Switch::Sharpening),
            Self::StopGradient => Some(Switch::StopGradient),
            Self::Ema => Some(Switch::Ema),
            _ => None,
        }
    }

    /// The number that can be turned on it.
    pub const fn dial(self) -> Option<Dial> {
        match self {
            Self::Predictor => Some(Dial::PredictorMultiplier),
            Self::Center => Some(Dial::CenterMomentum),
            Self::StudentTemperature => Some(Dial::StudentTemperature),
            Self::TeacherTemperature => Some(Dial::TeacherTemperature),
            Self::Ema => Some(Dial::Tau),
            Self::Encoder => Some(Dial::LearningRate),
            _ => None,
        }
    }
}

/// A question and its longer answer.
#[derive(Debug, PartialEq)]
pub struct Question {
    /// The question.
    pub question: &'static str,
    /// Its answer, honest about what is not known.
    pub answer: &'static str,
}

/// Published rows with their source.
#[derive(Debug, PartialEq)]
pub struct Published {
    /// Paper, table, data, epochs.
    pub source: &'static str,
    /// What was done, and what came of it.
    pub rows: &'static [(&'static str, &'static str)],
}

/// What is said about a part.
#[derive(Debug, PartialEq)]
pub struct Explanation {
    /// Its name.
    pub title: &'static str,
    /// One sentence, with its unit where it has one.
    pub tip: &'static str,
    /// Two sentences.
    pub what: &'static str,
    /// The questions.
    pub deeper: &'static [Question],
    /// What was published about it.
    pub published: &'static [Published],
}

const BYOL_5A: Published = Published {
    source: "BYOL (arXiv 2006.07733), Table 5a: ImageNet, linear top-1, 300 epochs",
    rows: &[
        ("τ 1, a frozen random teacher", "18.8 %"),
        ("τ 0.999", "69.8 %"),
        ("τ 0.99", "72.5 %"),
        ("τ 0.9", "68.4 %"),
        ("τ 0, no EMA", "0.3 %"),
    ],
};
const BYOL_5B: Published = Published {
    source: "BYOL (arXiv 2006.07733), Table 5b: ImageNet, linear top-1, 300 epochs",
    rows: &[("predictor and target network", "72.5 %"), ("no target network", "0.3 %"), ("no predictor", "0.2 %")],
};
const BYOL_21: Published = Published {
    source: "BYOL, Table 21: no EMA, the predictor's learning rate raised",
    rows: &[("×1", "5.5 %"), ("×2", "62.8 %"), ("×10", "66.6 %")],
};
const SIMSIAM: Published = Published {
    source: "SimSiam (arXiv 2011.10566): ImageNet, linear top-1, 100 epochs, never an EMA",
    rows: &[
        ("with stop-gradient", "67.7 %"),
        ("without stop-gradient", "0.1 %"),
        ("without predictor", "0.1 %"),
        ("predictor fixed at its start", "1.5 %"),
    ],
};
const TIAN: Published = Published {
    source: "Tian et al. (arXiv 2102.06810): STL-10",
    rows: &[
        ("two-layer predictor, with EMA", "78.9 %"),
        ("two-layer predictor, without", "66.0 %"),
        ("symmetric linear predictor, with EMA", "75.1 %"),
        ("symmetric linear predictor, without", "36.6 %"),
    ],
};
const DINO_PARTS: Published = Published {
    source: "DINO (arXiv 2104.14294): ImageNet, ViT-S, kNN",
    rows: &[("all of it", "72.8 %"), ("no momentum teacher", "0.1 %"), ("no multi-crop", "67.9 %")],
};
const DINO_MOMENTUM: Published = Published {
    source: "DINO, App. D, centre momentum: ImageNet, ViT-S, kNN",
    rows: &[("0", "69.1 %"), ("0.9", "69.7 %"), ("0.99", "69.4 %"), ("0.999", "0.1 %")],
};
const DINO_TEMPERATURE: Published = Published {
    source: "DINO, App. D, teacher temperature: ImageNet, ViT-S, kNN",
    rows: &[("0", "43.9 %"), ("0.02", "66.7 %"), ("0.04", "69.6 %"), ("0.06", "68.7 %"), ("0.08", "0.1 %")],
};
const DINO_7: Published = Published {
    source: "DINO, Fig. 7: the teacher's entropy",
    rows: &[("without centering", "to 0"), ("without sharpening", "to ln K"), ("KL, in both", "to 0")],
};

const NO_NEGATIVES: Question = Question {
    question: "Why does it not collapse, with no negatives?",
    answer: "A constant answer for every image would make the loss 0, so nothing in the loss forbids it. What keeps BYOL away from it is how \
             it is trained: the teacher is no target that can be moved by the gradient, it follows slowly, and only the student has a \
             predictor. Leave one out and see. Why these suffice is still argued: the published ablations do not agree on which of them is \
             needed under which settings.",
};
const LOW_LOSS: Question = Question {
    question: "Why does a low loss not mean that it learned?",
    answer: "The loss says how well the two sides agree, not what they agree on. Two networks that give every image the same answer agree \
             perfectly. So the loss falls to 0 in a collapse, and it is highest beside a frozen teacher. Judge by the embedding std and by \
             kNN instead.",
};
const NOT_ALWAYS: Question = Question {
    question: "Why is EMA off not always a collapse?",
    answer: "With τ 0 the teacher is the student itself, behind a stop-gradient: that is SimSiam, and it works. BYOL's own Table 5a says 0.3 % \
             without EMA, and its Table 21 says 66.6 % once the predictor learns 10 times as fast. In our reference runs all 5 seeds \
             collapsed without EMA with layer normalisation in the heads (preset byol), and neither of 2 did with batch normalisation \
             (preset byol-batchnorm). Both sentences of the literature are true, each in its setting.",
};
const KEEP_UP: Question = Question {
    question: "Why must the predictor keep up?",
    answer: "The predictor has to stay ahead of the representation that it predicts from: it is the only thing that makes the two sides \
             different functions. Where it learns too slowly, the rest does the easy thing and shrinks. In our reference runs at τ 0, \
             multipliers from 1 to 30 all ended collapsed (std 0.05 to 0.13), while at τ 0.99 the std rose from 0.10 at ×1 to 0.56 at ×30.",
};
const BOTH_OFF: Question = Question {
    question: "What do centering and sharpening each do alone?",
    answer: "Centering alone subtracts whatever all images have in common: no prototype can win everywhere, and everything drifts to the \
             uniform distribution. Sharpening alone makes every answer more decided: one prototype wins everywhere. Together they pull \
             apart: the batch uses many prototypes, each image few. With both off, our reference runs found a third collapse: every image \
             got the same distribution, neither uniform nor one prototype.",
};

const VIEWS: Explanation = Explanation {
    title: "Two views of one image",
    tip: "Two crops of one image, each coloured by chance: the only supervision there is. Click for more.",
    what: "Each image is cropped and coloured twice, by chance; that both come from one image is all that the networks are told. In \
           training each view goes through both networks, and the loss is the mean of both directions.",
    deeper: &[Question {
        question: "What is learned from that?",
        answer: "Whatever the views share and the images do not. Here the views share the material; they do not share illumination, colour \
                 or place. Where views share something simpler, a network learns that instead: with free hue and strong clutter, our reference \
                 runs stayed at chance for hundreds of steps.",
    }],
    published: &[],
};

const ENCODER: Explanation = Explanation {
    title: "Encoder",
    tip: "From pixels to the embedding, the representation that one keeps. Click for more.",
    what: "It turns a view into the embedding, the vector that one keeps after training. Student and teacher have the same encoder with \
           different weights; both start as copies.",
    deeper: &[Question {
        question: "Is it useful, and how do we know?",
        answer: "kNN asks: do the nearest of other, unseen images have the same class? Labels are used for this display only, never for \
                 training. Under a collapsed projector the embedding's kNN only falls to the level of an untrained network, not to chance: so it is \
                 no meter for collapse.",
    }],
    published: &[],
};

const PROJECTOR: Explanation = Explanation {
    title: "Projector",
    tip: "From the embedding to the projection z, in which the two sides are compared. Click for more.",
    what: "A small network on top of the encoder; the loss compares projections, not embeddings. A collapse is measured here: the \
           embedding std is 1 for a healthy spread and 0 when every image gets the same projection.",
    deeper: &[
        Question {
            question: "Why is collapse measured here?",
            answer: "Because it happens here first: the projector can give a constant while the encoder below it still tells images apart. Then \
                     fresh heads may rescue the run; where the encoder has collapsed too, only new weights help.",
        },
        Question {
            question: "Why the care with its first weights?",
            answer: "Without batch statistics the untrained projector is already half collapsed (std 0.34 in our reference runs) and tends to go on \
                     by itself. So, with one batch before training, each of its layers is rescaled to mean 0 and standard deviation 1 (after \
                     LSUV, arXiv 1511.06422), and the teacher is copied afterwards.",
        },
    ],
    published: &[],
};

const PREDICTOR: Explanation = Explanation {
    title: "Predictor",
    tip: "Only the student has it: it predicts the teacher's projection, q = predictor(z). Click for more.",
    what: "The student must predict the teacher's projection through one more head, which the teacher does not have. Without it, q = z, and \
           the quickest way to agree is to give every image the same answer.",
    deeper: &[KEEP_UP, NO_NEGATIVES],
    published: &[BYOL_5B, BYOL_21, SIMSIAM, TIAN],
};

const HEAD: Explanation = Explanation {
    title: "Head and prototypes",
    tip: "From the embedding to one logit a prototype: a cosine, −1 to 1. Click for more.",
    what: "A small network normalises its output and compares it with K learned prototypes; each logit is a cosine. There is no predictor: \
           student and teacher have the same head with different weights.",
    deeper: &[Question {
        question: "What are the prototypes?",
        answer: "Directions that the network chooses itself; nobody says what they stand for. In our reference runs on the default images the \
                 teacher came to use about as many of 64 prototypes as there are materials: it had invented them.",
    }],
    published: &[DINO_PARTS],
};

const CENTER: Explanation = Explanation {
    title: "Centering",
    tip: "Subtracts the running mean of the teacher's logits, so that no prototype wins everywhere. Click for more.",
    what: "The centre is the running mean of the teacher's logits; subtracting it takes away what all images have in common. So no prototype \
           can win everywhere, but alone it leads to the uniform distribution.",
    deeper: &[BOTH_OFF],
    published: &[DINO_7, DINO_MOMENTUM],
};

const TEACHER_TEMPERATURE: Explanation = Explanation {
    title: "Sharpening",
    tip: "Divides the teacher's logits by a low temperature, so that its distributions have a peak. Click for more.",
    what: "The teacher's logits are divided by a temperature below the student's, so its distributions have a sharper peak. So every image is \
           decided, but alone it leads to one prototype for all.",
    deeper: &[BOTH_OFF],
    published: &[DINO_7, DINO_TEMPERATURE],
};

const STUDENT_TEMPERATURE: Explanation = Explanation {
    title: "The student's temperature",
    tip: "Divides the student's logits; nothing is subtracted from them. Click for more.",
    what: "The student's logits are divided by a temperature before the softmax; they are not centred. It is higher than the teacher's: the \
           student is asked to match something sharper than itself.",
    deeper: &[BOTH_OFF],
    published: &[],
};

const SOFTMAX: Explanation = Explanation {
    title: "Softmax",
    tip: "From logits to a distribution over the K prototypes; its entropy is 0 to ln K nats. Click for more.",
    what: "It turns logits into a distribution over the K prototypes. Its entropy says how decided it is: 0 is one prototype, ln K is all \
           alike.",
    deeper: &[Question {
        question: "Which two entropies matter?",
        answer: "The mean entropy of an image (is it decided?) and the entropy of the batch's mean distribution (are many prototypes in \
                 play?). Healthy is a low first and a high second; their difference is the mutual information, the best single number. In every \
                 collapse it is near 0.",
    }],
    published: &[DINO_7],
};

const STOP_GRADIENT: Explanation = Explanation {
    title: "Stop-gradient",
    tip: "No gradient passes the bars: the teacher is a target that the loss cannot move. Click for more.",
    what: "The loss's gradient ends at these bars: it trains the student and leaves the teacher alone. Off, the gradient with respect to the \
           teacher's weights is added to the student's, and both sides are pulled together.",
    deeper: &[
        NO_NEGATIVES,
        Question {
            question: "Does it come back when switched on again?",
            answer: "In our reference runs (off at step 300, on again at 500) it was dead within 5 to 6 steps and never recovered, even with \
                     fresh heads: the encoder had collapsed, too. Only new weights helped: R.",
        },
    ],
    published: &[SIMSIAM],
};

const STOP_GRADIENT_DINO: Explanation = Explanation { published: &[], deeper: &[NO_NEGATIVES_DINO], ..STOP_GRADIENT };

const NO_NEGATIVES_DINO: Question = Question {
    question: "Why does it not collapse, with no negatives?",
    answer: "One distribution for every image would suit the loss, so nothing in the loss forbids it. What keeps DINO away is on the teacher's \
             side: it follows slowly, it is centred and sharpened, and no gradient moves it. Why this suffices is still argued.",
};

const EMA: Explanation = Explanation {
    title: "EMA, the slow teacher",
    tip: "After each step: teacher ← τ·teacher + (1−τ)·student. No gradient, only this. Click for more.",
    what: "After each step the teacher's weights move a little towards the student's: teacher ← τ·teacher + (1−τ)·student. The predictor is not \
           copied; τ 0 copies the rest at once, τ 1 freezes the teacher.",
    deeper: &[
        NOT_ALWAYS,
        Question {
            question: "Is slower always better?",
            answer: "No. A teacher that moves too fast gives the student a moving target; one that never moves (τ 1) cannot teach more than its random \
                     weights: something is learned, and less. The best is between, and depends on how long one trains.",
        },
    ],
    published: &[BYOL_5A, BYOL_21, TIAN],
};

const EMA_DINO: Explanation = Explanation {
    what: "After each step the teacher's weights move a little towards the student's: teacher ← τ·teacher + (1−τ)·student. τ 0 copies them at \
           once, τ 1 freezes the teacher.",
    deeper: &[Question {
        question: "What happens without it?",
        answer: "In our reference runs all 5 seeds collapsed within 3 to 8 steps at τ 0; they collapsed at τ 0.9 to 0.95, too, and were fine \
                 from 0.96 to 0.998. Switched on again, it did not come back within 400 steps.",
    }],
    published: &[DINO_PARTS],
    ..EMA
};

const LOSS: Explanation = Explanation {
    title: "Loss",
    tip: "2 − 2 cos(prediction, target): 0 if identical, 2 if unrelated, 4 if opposite. Click for more.",
    what: "The student's prediction of one view is compared with the teacher's projection of the other: 2 − 2 cos, from 0 to 4. There are no \
           negatives: nothing pushes different images apart.",
    deeper: &[LOW_LOSS, NO_NEGATIVES],
    published: &[BYOL_5B],
};

const LOSS_DINO: Explanation = Explanation {
    title: "Loss",
    tip: "Cross-entropy of the teacher's and the student's distributions of different views, in nats. Click for more.",
    what: "The student's distribution of one view is to match the teacher's of another: cross-entropy, in nats. It is the teacher's own \
           entropy plus the KL divergence, and only the second says how well they match.",
    deeper: &[
        Question {
            question: "Why does a low loss not mean that it learned?",
            answer: "If one prototype takes every image, the teacher's entropy is 0 and so is the loss: perfect agreement on nothing. If all are \
                     uniform, KL is 0 as well. So watch the two entropies; healthy is many prototypes over the batch and few for an image.",
        },
        BOTH_OFF,
    ],
    published: &[DINO_7],
};

const GLOBALS: Explanation = Explanation {
    title: "The teacher sees the globals only",
    tip: "The teacher gets the large crops only; its answers are the targets. Click for more.",
    what: "The teacher gets the large, global crops and nothing else; its answers are the targets. So what the student is asked to match is \
           always an answer to (nearly) the whole image.",
    deeper: &[Question {
        question: "Why not show it the local crops, too?",
        answer: "Then the student could match a piece with the same piece. With globals as the only targets it must tell the whole from a \
                 piece: local to global.",
    }],
    published: &[DINO_PARTS],
};

const LOCALS: Explanation = Explanation {
    title: "The student sees every crop",
    tip: "The student gets globals and locals, and must tell the whole from a piece. Click for more.",
    what: "The student gets all crops, the small local ones, too. Each is compared with the teacher's answer to every other global, so from a \
           piece it must infer the whole.",
    deeper: &[Question {
        question: "Does it help?",
        answer: "Where a piece tells the whole. On the default images, our reference runs with a ViT recognised materials from fragments \
                 better with 4 locals (kNN of a fragment 0.71 to 0.73) than without (0.57 to 0.63). On the shapes, where a fragment rarely shows the shape, \
                 locals lowered kNN in every setting tried.",
    }],
    published: &[DINO_PARTS],
};

const PAIRS: Explanation = Explanation {
    title: "Which pairs are compared",
    tip: "Every student crop with every other global of the teacher: 2 (2 + L) − 2 pairs. Click for more.",
    what: "Every crop of the student is compared with every global of the teacher, but no crop with itself: 2 (2 + L) − 2 pairs with L local \
           crops. The loss is the mean over all pairs.",
    deeper: &[LOW_LOSS_PAIRS],
    published: &[],
};

const LOW_LOSS_PAIRS: Question = Question {
    question: "Why are locals dearer than globals?",
    answer: "A small piece says less about the whole than a large one, so its answer is further from the teacher's: longer bars. If all bars \
             are short and alike, look at the verdict: a collapse makes every pair cheap.",
};

/// What is said about a part, as the method has it.
pub const fn explanation(part: Part, method: Method) -> &'static Explanation {
    match (part, method) {
        (Part::Views, _) => &VIEWS,
        (Part::Encoder, _) => &ENCODER,
        (Part::Projector, _) => &PROJECTOR,
        (Part::Predictor, _) => &PREDICTOR,
        (Part::Head, _) => &HEAD,
        (Part::Center, _) => &CENTER,
        (Part::StudentTemperature, _) => &STUDENT_TEMPERATURE,
        (Part::TeacherTemperature, _) => &TEACHER_TEMPERATURE,
        (Part::Softmax, _) => &SOFTMAX,
        (Part::StopGradient, Method::Byol) => &STOP_GRADIENT,
        (Part::StopGradient, Method::Dino) => &STOP_GRADIENT_DINO,
        (Part::Ema, Method::Byol) => &EMA,
        (Part::Ema, Method::Dino) => &EMA_DINO,
        (Part::Loss, Method::Byol) => &LOSS,
        (Part::Loss, Method::Dino) => &LOSS_DINO,
        (Part::Globals, _) => &GLOBALS,
        (Part::Locals, _) => &LOCALS,
        (Part::Pairs, _) => &PAIRS,
    }
}

/// A published outcome of leaving one ingredient out alone, short enough for a table.
pub const fn published(switch: Switch, method: Method) -> &'static str {
    match (switch, method) {
        (Switch::Predictor, _) => "0.2 %",
        (Switch::StopGradient, Method::Byol) => "0.1 %",
        (Switch::StopGradient, Method::Dino) => "–",
        (Switch::Ema, Method::Byol) => "0.3 %",
        (Switch::Ema, Method::Dino) => "kNN 0.1 %",
        (Switch::Centering, _) => "to 0",
        (Switch::Sharpening, _) => "to ln K",
    }
}

/// Where [`published`] is from, the longest wording first.
pub const fn published_source(method: Method) -> [&'static str; 3] {
    match method {
        Method::Byol => {
            ["Published: ImageNet top-1; BYOL Table 5, SimSiam Fig. 2", "ImageNet top-1; BYOL Tab. 5, SimSiam", "ImageNet top-1"]
        }
        Method::Dino => {
            ["Published: teacher's entropy, DINO Fig. 7; ImageNet kNN", "entropy: DINO Fig. 7; ImageNet kNN", "entropy, DINO Fig. 7"]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_explained_in_two_sentences() {
        for part in Part::ALL {
            for method in [Method::Byol, Method::Dino] {
                let text = explanation(part, method);
                let sentences = text.what.matches(". ").count() + 1;
                assert_eq!(sentences, 2, "{part:?}: {}", text.what);
                assert!(text.what.ends_with('.') && text.tip.ends_with("Click for more."), "{part:?}");
                assert!(!text.deeper.is_empty(), "{part:?}");
                assert!(text.published.iter().all(|published| !published.rows.is_empty() && !published.source.is_empty()));
                for deeper in text.deeper {
                    assert!(deeper.question.ends_with('?') && deeper.answer.ends_with(['.', '!']), "{part:?}: {deeper:?}");
                }
            }
        }
    }
}
