//! NumPy reads the NPY and NPZ files of this crate.

use std::process::Command;

use chainrule_table::{
    Column, Destination, FileFormat, NumberArray, OutputColumn, Strings, Table, TableWriter, Values,
    read_arrays, write_arrays,
};

/// `CHAINRULE_PYTHON` is a Python interpreter with `numpy`.
#[test]
#[ignore = "requires a Python with numpy; run by cargo xtask test exports"]
fn an_npy_file_is_a_structured_array() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.npy");
    let columns = [("it's \\", OutputColumn::Strings { longest: Some(6) }), ("Höhe", OutputColumn::Numbers)];
    let mut writer = TableWriter::open(Destination::File(&path), FileFormat::Numpy, &columns).unwrap();
    for cells in [&[Some("Zürich"), None][..], &[Some("Bern")]] {
        let numbers = Values::Numbers(vec![0.25; cells.len()]);
        let texts = Values::Strings(cells.iter().copied().collect::<Strings>());
        let columns = vec![Column::new(columns[0].0, texts), Column::new(columns[1].0, numbers)];
        writer.write(&Table::new(columns)).unwrap();
    }
    writer.finish().unwrap();
    let program = "import sys, numpy\n\
                   a = numpy.load(sys.argv[1])\n\
                   print(ascii(a[\"it's \\\\\"].tolist()), a['Höhe'].tolist())";
    let python = std::env::var("CHAINRULE_PYTHON").unwrap_or("python3".to_owned());
    let output = Command::new(python).arg("-c").arg(program).arg(&path).output().expect("Python runs");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(stdout, "['Z\\xfcrich', '', 'Bern'] [0.25, 0.25, 0.25]\n", "{stderr}");
}

/// `CHAINRULE_PYTHON` is a Python interpreter with `numpy`.
#[test]
#[ignore = "requires a Python with numpy; run by cargo xtask test exports"]
fn arrays_are_exchanged_with_numpy_in_their_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours.npz"), folder.path().join("theirs.npz"));
    let array = |name: &str, shape: &[usize], values: &[f64]| NumberArray {
        name: name.to_owned(),
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    let w = array("W0", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
    write_arrays(&ours, &[w.clone(), array("b0", &[3], &[0.25, -1.0, 1e-300])]).unwrap();
    let program = "import sys, numpy\n\
                   a = numpy.load(sys.argv[1])\n\
                   print(a['W0'].tolist(), a['b0'].tolist())\n\
                   numpy.savez_compressed(sys.argv[2], W0=numpy.asfortranarray(a['W0'], dtype='f4'), n=numpy.arange(2))";
    let python = std::env::var("CHAINRULE_PYTHON").unwrap_or("python3".to_owned());
    let output = Command::new(python).arg("-c").arg(program).args([&ours, &theirs]).output();
    let output = output.expect("Python runs");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(stdout, "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]] [0.25, -1.0, 1e-300]\n", "{stderr}");
    assert_eq!(read_arrays(&theirs).unwrap(), [w, array("n", &[2], &[0.0, 1.0])]);
}
