//! Pointwise non-linearities: fused into the normalisations, so they have no dispatch of their own.
//!
//! GELU in the tanh form (Hendrycks & Gimpel, arXiv 1606.08415, section 2), ReLU, or none.

/// Which non-linearity follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// u
    None,
    /// u/2 · (1 + tanh(√(2/π)(u + 0.044715 u³)))
    Gelu,
    /// max(u, 0)
    Relu,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Gelu, Self::Relu];

    /// The value of the shader's `ACTIVATION` override.
    pub const fn code(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Gelu => 1.0,
            Self::Relu => 2.0,
        }
    }

    /// Floating-point operations of the value, an element.
    pub const fn flops(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Gelu => 9,
            Self::Relu => 1,
        }
    }

    /// Of the derivative times what comes in, an element.
    pub const fn slope_flops(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Gelu => 18,
            Self::Relu => 1,
        }
    }

    /// Naive reference of the value.
    pub fn value(self, u: f64) -> f64 {
        match self {
            Self::None => u,
            Self::Gelu => 0.5 * u * (1.0 + gelu_argument(u).tanh()),
            Self::Relu => u.max(0.0),
        }
    }

    /// Naive reference of the derivative.
    pub fn derivative(self, u: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Gelu => {
                let tanh = gelu_argument(u).tanh();
                let slope = (2.0 / std::f64::consts::PI).sqrt() * (1.0 + 3.0 * 0.044715 * u * u);
                0.5 * (1.0 + tanh) + 0.5 * u * (1.0 - tanh * tanh) * slope
            }
            Self::Relu => f64::from(u > 0.0),
        }
    }
}

fn gelu_argument(u: f64) -> f64 {
    (2.0 / std::f64::consts::PI).sqrt() * (u + 0.044715 * u * u * u)
}
