//! What pictures of a training are drawn from: loss surfaces, paths on them, decision regions, hidden spaces. Data, not
//! pictures.
//!
//! Most of these pictures are a map of a [`Plane`]: a point of a large space and one, two or three directions from it. In the
//! space of a network's parameters [`surface`] gives the loss over such a plane, and the plane projects the path of a
//! training onto itself, saying how far off the path runs. In the space of the inputs [`regions`] gives the network's
//! outputs over it. In the space of a hidden layer's activations [`Hidden`] gives the samples, and the boundaries that the
//! next layer draws through them. An [`GridAxis`] says for each direction which points are taken.
//!
//! ```
//! use chainrule::landscape::{GridAxis, Plane, surface};
//! use chainrule::network::{Architecture, Layer, Network, activation::Activation, loss::Loss};
//! use chainrule::objective::{Objective, Reduction};
//! use chainrule::random::RandomState;
//! use chainrule::train::{Recorder, Settings, Training};
//! use chainrule::Dataset;
//!
//! // A line through points of slope 2 and intercept 1: the loss over the two, and the way down.
//! let line = Architecture::new(1, vec![Layer::new(1, Activation::identity())])?;
//! let data = Dataset::new(vec![-1.0, 0.0, 1.0], 1, vec![-1.0, 1.0, 3.0], 1)?;
//! let (loss, settings) = (Loss::squared_error(), Settings { epochs: 200, ..Settings::default() });
//! let network = Network::new(line.clone(), vec![0.0, 0.0])?;
//! let mut recorder = Recorder::every(10);
//! let mut training = Training::new(network, &loss, &data, settings, RandomState::new(0))?;
//! training.run(&mut recorder)?;
//! let trained = &training.state().parameters;
//!
//! let plane = Plane::parameters(&line, trained, ["output.W[0][0]", "output.b[0]"])?;
//! let path = plane.path(&recorder.parameters);
//! assert_eq!(path[0].at, [0.0, 0.0]);
//! assert!(path.iter().all(|point| point.distance == 0.0));
//!
//! let objective = Objective::new(&line, &loss, &data)?;
//! let axes = [GridAxis::new(0.0, 4.0, 41)?, GridAxis::new(-1.0, 3.0, 41)?];
//! let surface = surface(&objective, &[0, 1, 2], Reduction::Mean, &plane, &axes);
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
