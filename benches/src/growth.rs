//! Growth curves: seconds per epoch over the number of samples and over the layer width, as CSV.

use chainrule::kernel::simd_level;

use crate::compare::{check_peer_level, measure};
use crate::error::Error;
use crate::machine;
use crate::options::MeasureOptions;
use crate::page;
use crate::peak::Peak;
use crate::row::{Measured, WorkloadRow};
use crate::suite::{GROWTH_SAMPLES, GROWTH_WIDTHS, named};

const HEADER: &str = "curve,size,program,epochs,seconds,seconds_per_epoch,share_of_peak,final_loss";

/// Measures both curves, prints them and writes them to `record/growth.csv`, with the machine in a
/// comment.
pub(crate) fn growth(options: &MeasureOptions) -> Result<(), Error> {
    check_peer_level(options)?;
    let samples = GROWTH_SAMPLES.map(|n| format!("samples-{n}"));
    let widths = GROWTH_WIDTHS.map(|n| format!("width-{n}"));
    let mut peak = Peak::default();
    let mut rows = Vec::new();
    for name in samples.into_iter().chain(widths) {
        rows.push(measure(options, &named(&name)?, &mut peak)?);
    }
    let mut csv = format!("# SIMD level {}, {}\n{HEADER}\n", simd_level(), machine::facts(&options.benches));
    for row in &rows {
        csv += &lines(row, peak);
    }
    print!("{csv}");
    page::write(&options.benches.join("record/growth.csv"), &csv)
}

/// Returns a line for Chainrule and for each peer.
fn lines(row: &WorkloadRow, peak: Peak) -> String {
    let workload = &row.workload;
    let (curve, size) = workload.name.split_once('-').expect("growth points are named CURVE-SIZE");
    let chainrule = [("chainrule".to_owned(), &row.chainrule)];
    let peers = row.best().into_iter().map(|(variant, measured)| (variant.peer.name().to_owned(), measured));
    let line = |(program, measured): (String, &Measured)| {
        let seconds = measured.median();
        let per_epoch = seconds / workload.epochs as f64;
        let fraction = workload.operations()
            / seconds
            / peak.with_threads(workload.threads).in_precision(workload.precision);
        let (epochs, loss) = (workload.epochs, measured.final_loss);
        format!("{curve},{size},{program},{epochs},{seconds:.6},{per_epoch:.4e},{fraction:.4},{loss:.6}\n")
    };
    chainrule.into_iter().chain(peers).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peak::PeakRates;

    #[test]
    fn a_line_has_as_many_fields_as_the_header() {
        let measured = Measured { seconds: vec![0.5], final_loss: 0.25, ..Measured::default() };
        let row = WorkloadRow {
            workload: named("width-64").unwrap(),
            calibration: None,
            chainrule: measured,
            peers: Vec::new(),
        };
        let rates = PeakRates { f32: 1e12, f64: 5e11 };
        let lines = lines(&row, Peak { one_core: rates, all_cores: rates });
        assert_eq!(lines.trim_end().split(',').count(), HEADER.split(',').count());
        assert!(lines.starts_with("width,64,chainrule,"), "{lines}");
    }
}
