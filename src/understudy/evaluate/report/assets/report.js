// The embedded pictures are columns of numbers; the file gets records, as `Evaluation.from_json` reads them.
function unpacked() {
  const columns = data.columns.map(({ picture_left_out: _leftOut, ...column }) => {
    if (!column.picture) return column;
    const { cells, ...rest } = column.picture, fields = Object.keys(cells);
    return { ...column, picture: { ...rest, cells: cells.label.map((_label, at) => Object.fromEntries(fields.map((field) => [field, field === "atom" ? Boolean(cells.atom[at]) : cells[field][at]]))) } };
  });
  return { ...data, columns };
}

begin(themeSwitch, () => downloadButton(unpacked), longTables, columnSection, mapSection, sectionInView);
