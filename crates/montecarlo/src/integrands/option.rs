//! The price of an option on a share that follows a geometric Brownian motion, by simulated paths.
//!
//! From one time to the next the price is multiplied by exp((r - s^2/2) dt + s sqrt(dt) z), with z
//! standard normal, from a uniform number by inversion. European: what counts is the price at the
//! end, in one step, and Black and Scholes' formula is the exact value. Asian: the arithmetic mean
//! over all fixings counts, one dimension each, and there is no formula.
//!
//! Reference: F. Black, M. Scholes, J. Polit. Econ. 81 (1973); P. Glasserman, "Monte Carlo methods
//! in financial engineering" (2004), section 1.1.

use super::parameters::{Bad, Parameter, Parameters};
use super::{Entry, Integrand, MOST_DIMENSIONS, Row};
use crate::elementary;
use crate::sampler::Kernel;

pub(super) const ENTRY: Entry = Entry {
    name: "option",
    about: "Price of a European or arithmetic Asian option",
    parameters: &[
        Parameter {
            choices: &["european", "asian"],
            ..Parameter::new("style", "STYLE", "european", "Price at the end, or mean over the fixings")
        },
        Parameter { choices: &["call", "put"], ..Parameter::new("right", "RIGHT", "call", "Right to buy, or to sell") },
        Parameter::new("spot", "PRICE", "100", "Price of the share today"),
        Parameter::new("strike", "PRICE", "100", "Price in the contract"),
        Parameter::new("rate", "R", "0.05", "Interest rate a year, continuously compounded"),
        Parameter::new("volatility", "S", "0.2", "Volatility a year"),
        Parameter::new("maturity", "YEARS", "1", "Years until the end"),
        Parameter::new("fixings", "N", "12", "Asian: equally spaced fixings, the last one at the end, 1 to 1000"),
    ],
    make,
};

fn make(parameters: &Parameters) -> Result<Box<dyn Kernel>, Bad> {
    let fixings = parameters.whole("fixings", 1..=MOST_DIMENSIONS)?;
    let (rate, volatility) = (parameters.finite("rate")?, parameters.positive("volatility")?);
    let maturity = parameters.positive("maturity")?;
    let is_asian = parameters.word("style") == "asian";
    let steps = if is_asian { fixings } else { 1 };
    let step = maturity / steps as f64;
    Ok(Box::new(Contract {
        steps,
        is_asian,
        sign: if parameters.word("right") == "put" { -1.0 } else { 1.0 },
        spot: parameters.positive("spot")?,
        strike: parameters.positive("strike")?,
        drift: (rate - volatility * volatility / 2.0) * step,
        deviation: volatility * step.sqrt(),
        discount: libm::exp(-rate * maturity),
    }))
}

#[derive(Clone)]
struct Contract {
    steps: usize,
    is_asian: bool,
    /// 1 for a call, -1 for a put.
    sign: f64,
    spot: f64,
    strike: f64,
    /// Of the logarithm of the price in one step: its mean,
    drift: f64,
    /// and its deviation.
    deviation: f64,
    /// What one unit of money at the end is worth today.
    discount: f64,
}

impl Integrand for Contract {
    fn dimension(&self) -> usize {
        self.steps
    }

    fn exact(&self) -> Option<f64> {
        let below = |z: f64| libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2) / 2.0;
        let d2 = (libm::log(self.spot / self.strike) + self.drift) / self.deviation;
        let d1 = d2 + self.deviation;
        let price = self.sign * self.spot * below(self.sign * d1)
            - self.sign * self.strike * self.discount * below(self.sign * d2);
        (!self.is_asian).then_some(price)
    }

    #[inline(always)]
    fn values(&mut self, u: &[Row]) -> Row {
        let (drift, deviation) = (self.drift, self.deviation);
        let mut price = Row::all(self.spot);
        let mut sum = Row::all(0.0);
        for u in u {
            let growth = elementary::exp(&elementary::normal_quantile(u).map(|z| drift + deviation * z));
            price.update(&growth, |price, growth| price * growth);
            sum.update(&price, |sum, price| sum + price);
        }
        let (steps, sign, strike, discount) = (self.steps as f64, self.sign, self.strike, self.discount);
        sum.map(|sum| {
            let gain = sign * (sum / steps - strike);
            if gain > 0.0 { discount * gain } else { 0.0 }
        })
    }
}
