// A league is small and embedded as it is.
begin(themeSwitch, () => downloadButton(() => data), longTables, sectionInView);
