//! NumPy reads the NPY files of this crate.

use std::process::Command;

use chainrule_table::{Column, Destination, FileFormat, OutputColumn, Strings, Table, TableWriter, Values};

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
