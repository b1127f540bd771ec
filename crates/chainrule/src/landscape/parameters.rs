//! Planes in the space of a network's parameters: two of them by name, the way a training went, two random directions.

use super::plane::Plane;
use super::principal::principal;
use crate::Error;
use crate::kernel::Scalar;
use crate::network::{Architecture, Learning, Network, Part};
use crate::random::RandomState;
use crate::registry::nearest;

impl Plane {
    /// The plane in which the two parameters called `names` vary, all others held at `trained`.
    ///
    /// Coordinates are the two parameters' values; names are those of [`Architecture::parameter_name`]. Where training
    /// moves these two alone, its path lies on the plane.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    /// use chainrule::network::{Architecture, Layer, activation::Activation};
    ///
    /// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
    /// let plane = Plane::parameters(&architecture, &[1.5, -2.0, 0.5], ["output.W[1][0]", "output.b[0]"])?;
    /// assert_eq!(plane.point(&[7.0, 8.0]), [1.5, 7.0, 8.0]);
    /// let error = Plane::parameters(&architecture, &[1.5, -2.0, 0.5], ["output.W[1]", "output.b[0]"]).unwrap_err();
    /// assert!(error.to_string().contains("did you mean \"output.W[1][0]\"?"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] with the nearest name, [`Error::Setting`] where both names are the same, and
    /// [`Error::ParameterCount`] where `trained` does not fit the architecture.
    pub fn parameters<T: Scalar>(
        architecture: &Architecture,
        trained: &[T],
        names: [&str; 2],
    ) -> Result<Plane, Error> {
        let expected = architecture.n_parameters();
        if trained.len() != expected {
            return Err(Error::ParameterCount { expected, got: trained.len() });
        }
        let mut varied = [0; 2];
        for (varied, name) in varied.iter_mut().zip(names) {
            *varied =
                architecture.parameter_index(name).ok_or_else(|| unknown_parameter(architecture, name))?;
        }
        if varied[0] == varied[1] {
            return Err(Error::Setting {
                setting: "the second parameter of a plane".to_owned(),
                value: names[1].to_owned(),
                allowed: "another one than the first".to_owned(),
            });
        }
        Ok(Plane::through(trained.iter().map(|p| p.to_f64()).collect(), &varied))
    }

    /// The plane through the last of the `recorded` parameters along the path's two principal directions.
    ///
    /// These are the orthonormal directions along which the differences from the last parameters are greatest: with
    /// `δ_s = p_s - p_last` the eigenvectors of the largest eigenvalues of `Σ_s δ_s·δ_sᵀ`, found among the parameters
    /// that change at all. [`explained`](Plane::explained) tells which share of `Σ_s |δ_s|²` lies along each: what is
    /// missing to 1 is not seen on the plane. After Li et al., Visualizing the loss landscape of neural nets (2018),
    /// section 7.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    ///
    /// // Down along the first parameter, then a little along the third; the second is never moved.
    /// let recorded = [vec![4.0, 9.0, 1.0], vec![2.0, 9.0, 1.0], vec![0.0, 9.0, 1.0], vec![0.0, 9.0, 0.0]];
    /// let plane = Plane::trajectory(&recorded)?;
    /// assert_eq!(plane.origin(), [0.0, 9.0, 0.0]);
    /// assert!(plane.explained()[0] > 0.9);
    /// let path = plane.path(&recorded);
    /// assert!(path.iter().all(|point| point.distance < 1e-12));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::StillPath`] where less than two parameters change, [`Error::NotFinite`] for a NaN or an infinity (the
    /// row is the record).
    ///
    /// # Panics
    /// When records differ in length.
    pub fn trajectory<T: Scalar>(recorded: &[Vec<T>]) -> Result<Plane, Error> {
        let Some(last) = recorded.last() else { return Err(Error::StillPath { n_records: 0, moved: 0 }) };
        for (s, record) in recorded.iter().enumerate() {
            assert_eq!(record.len(), last.len(), "records of one network");
            if let Some(i) = record.iter().position(|p| !p.is_finite()) {
                let (row, column, value) = (s + 1, i + 1, record[i].to_f64());
                return Err(Error::NotFinite { what: "the recorded path", row, column, value });
            }
        }
        let moves = |&i: &usize| recorded.iter().any(|record| record[i] != last[i]);
        let moved: Vec<usize> = (0..last.len()).filter(moves).collect();
        if moved.len() < 2 {
            return Err(Error::StillPath { n_records: recorded.len(), moved: moved.len() });
        }
        let row = |s: usize, to: &mut [f64]| {
            to.iter_mut().zip(&moved).for_each(|(to, &i)| *to = recorded[s][i].to_f64() - last[i].to_f64());
        };
        let (short, explained) = principal(recorded.len(), moved.len(), row, 2);
        let spread = |short: Vec<f64>| {
            let mut direction = vec![0.0; last.len()];
            moved.iter().zip(short).for_each(|(&i, v)| direction[i] = v);
            direction
        };
        let origin = last.iter().map(|p| p.to_f64()).collect();
        Ok(Plane::along(origin, short.into_iter().map(spread).collect(), explained))
    }

    /// The plane through the network's parameters along two random directions, normalised unit by unit.
    ///
    /// Each direction is drawn from a normal distribution, first one, then the other, in the order of the parameters. Then the
    /// weights that lead into a unit, its filter, are scaled to the length of the network's own: `d_j ← d_j·|w_j|/|d_j|`.
    /// A step of 1 thus changes every unit by as much as its weights are long, and surfaces of networks of different scale
    /// can be compared. Biases and frozen weights stay (0). Li et al., Visualizing the loss landscape of neural nets (2018),
    /// section 4. The two are close to orthogonal where weights are many, and no closer than that.
    ///
    /// ```
    /// use chainrule::landscape::Plane;
    /// use chainrule::network::{Architecture, Layer, Network, activation::Activation};
    /// use chainrule::random::RandomState;
    ///
    /// let architecture = Architecture::new(2, vec![Layer::new(1, Activation::logistic())])?;
    /// let network = Network::new(architecture, vec![3.0, 4.0, 0.7])?;
    /// let plane = Plane::random(&network, &mut RandomState::new(0))?;
    /// let [w1, w2, b] = plane.directions()[0][..] else { unreachable!("three parameters") };
    /// assert!((w1.hypot(w2) - 5.0).abs() < 1e-12);
    /// assert_eq!(b, 0.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::DependentDirections`] where the network has no two such directions: its weights are all 0 or frozen, or
    /// each of its units has one weight.
    pub fn random<T: Scalar>(network: &Network<T>, random: &mut RandomState) -> Result<Plane, Error> {
        let origin: Vec<f64> = network.parameters().iter().map(|p| p.to_f64()).collect();
        let directions = [(); 2].map(|()| filter_normalised(network.architecture(), &origin, random));
        Plane::new(origin, directions.into())
    }
}

/// A random direction with each unit's incoming weights as long as the network's own.
fn filter_normalised(architecture: &Architecture, parameters: &[f64], random: &mut RandomState) -> Vec<f64> {
    let mut direction = vec![0.0; parameters.len()];
    for block in architecture.blocks() {
        if block.part != Part::Weights || block.learning == Learning::Frozen {
            continue;
        }
        let (own, drawn) = (&parameters[block.range.clone()], &mut direction[block.range.clone()]);
        drawn.fill_with(|| random.standard_normal());
        for j in 0..block.n_out {
            let length = |w: &[f64]| w[j..].iter().step_by(block.n_out).map(|w| w * w).sum::<f64>().sqrt();
            let (own, of_drawn) = (length(own), length(drawn));
            let factor = if of_drawn > 0.0 { own / of_drawn } else { 0.0 };
            drawn[j..].iter_mut().step_by(block.n_out).for_each(|d| *d *= factor);
        }
    }
    direction
}

/// The error that names the parameter which was probably meant.
fn unknown_parameter(architecture: &Architecture, name: &str) -> Error {
    let n = architecture.n_parameters();
    let names: Vec<String> = (0..n).map(|index| architecture.parameter_name(index)).collect();
    let meant = nearest(name, names.iter().map(String::as_str)).map(str::to_owned);
    let ends = [names[0].clone(), names[n - 1].clone()];
    Error::UnknownParameter { name: name.to_owned(), nearest: meant, ends }
}
