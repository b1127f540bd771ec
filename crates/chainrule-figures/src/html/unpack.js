// Restores the numbers of animations, which are stored in one byte each; the format is described in pack.rs.
const unpacked = description => {
  const bytes = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const rows = (values, n) => Array.from({ length: values.length / n }, (_, j) => values.subarray(j * n, (j + 1) * n));
  const unpack = traces => {
    let codes, shared;
    for (const trace of traces) {
      const z = trace.z;
      if (z?.bytes) {
        const value = v => (v === 255 ? NaN : z.low + (z.high - z.low) * v / 254);
        trace.z = rows(Float32Array.from(bytes(z.bytes), value), z.row);
      } else if (z?.of_class !== undefined) {
        if (z.codes) [codes, shared] = [bytes(z.codes), z];
        const { levels, classes, row } = shared;
        const probability = v => 1 / classes + (1 - 1 / classes) * (v % levels) / (levels - 1);
        const value = v => (Math.floor(v / levels) === z.of_class ? probability(v) : NaN);
        trace.z = rows(Float32Array.from(codes, value), row);
      }
    }
  };
  [description.data, ...description.frames.map(frame => frame.data)].forEach(unpack);
  return description;
};
