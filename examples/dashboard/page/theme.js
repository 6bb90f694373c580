// In front of the first paint, so that a page that was dark never flashes, and nothing moves.
{
  const asked = new URLSearchParams(location.search);
  const root = document.documentElement.dataset;
  root.split = asked.has("compare");
  root.drawer = asked.has("raw");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.theme = theme;
  } catch { /* no storage here: the system's own theme it is */ }
}
