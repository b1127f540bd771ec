//! Data for plots of a training run: loss surfaces, optimisation paths, decision regions and hidden
//! representations.
//!
//! Most of these plots show a [`Plane`], given by a point of a high-dimensional space and one, two
//! or three directions. In the space of a network's parameters, [`surface`] evaluates the loss over
//! a plane, and [`Plane::path`] projects the path of a training run onto it, with the distance of
//! each point from the plane. In the space of the inputs, [`regions`] evaluates the network's
//! outputs over a plane. In the space of a hidden layer's activations, [`Hidden`] contains the
//! samples and the decision boundaries of the next layer. A [`GridAxis`] specifies the grid points
//! along each direction.
//!
//! ```
//! use std::sync::Arc;
//!
//! use chainrule::landscape::{GridAxis, Plane, surface};
//! use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
//! use chainrule::objective::{Objective, Reduction};
//! use chainrule::random::RandomState;
//! use chainrule::train::{Recorder, Settings, Training};
//! use chainrule::Dataset;
//!
//! // Fits a line with slope 2 and intercept 1: loss surface and optimisation path.
//! let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
//! let data = Dataset::new(vec![-1.0, 0.0, 1.0], 1, vec![-1.0, 1.0, 3.0], 1)?;
//! let (loss, settings) = (Loss::squared_error(), Settings { epochs: 200, ..Settings::default() });
//! let network = Network::new(line.clone(), vec![0.0, 0.0])?;
//! let mut recorder = Recorder::every(10);
//! let mut training = Training::new(network, &loss, Arc::new(data.clone()), settings, RandomState::new(0))?;
//! training.run(&mut recorder)?;
//! let trained = &training.state().parameters;
//!
//! let plane = Plane::parameters(&line, trained, ["output.W[0][0]", "output.b[0]"])?;
//! let path = plane.path(&recorder.parameters);
//! assert_eq!(path[0].at, [0.0, 0.0]);
//! assert!(path.iter().all(|point| point.distance == 0.0));
//!
//! let mut objective = Objective::new(&line, &loss, Arc::new(data))?;
//! let axes = [GridAxis::new(0.0, 4.0, 41)?, GridAxis::new(-1.0, 3.0, 41)?];
//! let surface = surface(&mut objective, &[0, 1, 2], Reduction::Mean, &plane, &axes)?;
//! let (lowest, loss) = surface.lowest().expect("no value is NaN");
//! assert_eq!((surface.at(lowest), loss), (vec![2.0, 1.0], 0.0));
//! # Ok::<(), chainrule::Error>(())
//! ```

mod axis;
mod hidden;
mod parameters;
mod plane;
mod principal;
mod regions;
mod surface;

pub use axis::GridAxis;
pub use hidden::{Boundary, Hidden, activations, boundaries};
pub use plane::{Plane, Projected};
pub use regions::{Regions, regions};
pub use surface::{Surface, surface};
