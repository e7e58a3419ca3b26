// Sets the kept light or dark choice before the first paint. A file of its own, because the policy has no inline scripts.
try {
  const kept = localStorage.getItem('sotto.theme');
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
} catch {
  // No storage: the system's choice holds.
}
