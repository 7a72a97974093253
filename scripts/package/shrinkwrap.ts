// The lock of the package's own dependencies, for whoever installs it: package-lock.json without what only this project needs.

type PackageLock = { readonly packages: Readonly<Record<string, { readonly dev?: boolean }>> }

/** The text of npm-shrinkwrap.json from that of package-lock.json. */
export function toShrinkwrap(lock: string): string {
  const { packages, ...rest } = JSON.parse(lock) as PackageLock
  const kept = Object.entries(packages).filter(([, { dev }]) => dev !== true)
  const packed = { ...rest, packages: Object.fromEntries(kept) }
  return `${JSON.stringify(packed, (key, value: unknown) => (key === 'devDependencies' ? undefined : value), 2)}\n`
}
