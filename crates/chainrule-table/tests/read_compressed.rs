//! NPZ files that expand to much more memory than their size are refused before they are read.

use std::io::{Cursor, Read, Write, copy, repeat};

use chainrule_table::{ReadOptions, Table, read};
use zip::write::SimpleFileOptions;

/// Returns an archive of compressed arrays of zeros, each with a name and a shape of bytes.
fn archive(arrays: &[(&str, [u64; 2])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, [rows, columns]) in arrays {
        zip.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
        zip.write_all(b"\x93NUMPY\x01\x00\x76\x00").unwrap();
        zip.write_all(format!("{header:<117}\n").as_bytes()).unwrap();
        copy(&mut repeat(0).take(rows * columns), &mut zip).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Reads an archive and returns the table or the error, and the number of bytes allocated.
fn read_archive(bytes: &[u8]) -> (Result<Table, String>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.npz");
    std::fs::write(&path, bytes).unwrap();
    let mut result = None;
    let allocated = allocation_counter::measure(|| {
        result = Some(read(&path, &ReadOptions::default(), &mut |_, _| ()));
    });
    let result = result
        .expect("the closure has run")
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "t.npz"));
    (result, allocated.bytes_max)
}

/// Returns the error for an archive and checks that little memory was allocated.
fn refused(bytes: &[u8]) -> String {
    let (result, allocated) = read_archive(bytes);
    assert!(allocated < 4 << 20, "{allocated} bytes were allocated");
    result.expect_err("the archive is refused")
}

#[test]
fn an_array_expands_to_at_most_64_mib_or_100_times_its_compressed_size() {
    let (table, _) = read_archive(&archive(&[("X", [1 << 20, 4])]));
    assert_eq!(table.expect("a small array is read").n_rows(), 1 << 20);
    let bytes = archive(&[("y", [(64 << 20) + 1, 1]), ("X", [(64 << 20) + 1, 1])]);
    let error = refused(&bytes);
    assert!(
        error.starts_with("t.npz, column \"y\": arrays that expand from ")
            && error.ends_with(
                " to 67108865 bytes (the limit is 67108864) are unsupported; save them with numpy.savez, which \
                 does not compress"
            ),
        "{error}"
    );
}

#[test]
fn all_arrays_together_are_limited() {
    let names: Vec<String> = (0..9).map(|k| format!("x{k}")).collect();
    let arrays: Vec<(&str, [u64; 2])> = names.iter().map(|name| (name.as_str(), [16 << 20, 1])).collect();
    let error = refused(&archive(&arrays));
    assert!(error.starts_with("t.npz: arrays that expand from "), "{error}");
    assert!(error.contains(" or more (the limit is 1073741824) are unsupported"), "{error}");
    // Each column takes memory, too.
    let error = refused(&archive(&[("X", [1, 3 << 20])]));
    assert!(error.contains("(the limit is 1073741824)"), "{error}");
}

#[test]
fn overlapping_entries_are_damaged() {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    let entry_at = |bytes: &[u8]| bytes.windows(4).position(|window| window == SIGNATURE).unwrap();
    // The second entry of the central directory is replaced with one that refers to the first array.
    let mut bytes = archive(&[("a", [1 << 22, 1]), ("b", [1 << 22, 1])]);
    let first = entry_at(&bytes);
    let second = first + 4 + entry_at(&bytes[first + 4..]);
    let name = second + 46;
    let mut copy = bytes[first..second].to_vec();
    copy[46..51].copy_from_slice(&bytes[name..name + 5]);
    bytes[second..second + copy.len()].copy_from_slice(&copy);
    // Without the data of the second array, the entries are larger than the file.
    let unchanged = archive(&[("a", [1 << 22, 1])]);
    let start = entry_at(&unchanged);
    let removed = first - start;
    bytes.drain(start..first);
    let end = bytes.len() - 22;
    let offset = u32::from_le_bytes(bytes[end + 16..end + 20].try_into().unwrap()) - removed as u32;
    bytes[end + 16..end + 20].copy_from_slice(&offset.to_le_bytes());
    assert_eq!(
        refused(&bytes),
        "t.npz: this NumPy file is damaged or truncated (its entries overlap or extend beyond the file); download \
         or write it again"
    );
}
