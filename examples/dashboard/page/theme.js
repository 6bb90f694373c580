// In front of the first paint, so that a page that was dark never flashes.
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* no storage here: the system's own theme it is */ }
