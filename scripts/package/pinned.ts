// The dependencies of the package as it is packed: every package of package-lock.json that it needs, by its exact version.
//
// npm-shrinkwrap.json would say the same, but npm (11.19) installs what it lists for every platform, 1.4 GB with every Node and
// every binding, and runs the install scripts of optional peers; and it reads none in a tarball that is installed from a file.

type Locked = {
  readonly version?: string
  readonly dev?: boolean
  /** Of one platform, or an optional peer: the packages that name it pin it. */
  readonly optional?: boolean
  readonly devOptional?: boolean
}

/** `node_modules/NAME`, and of no package alone. */
const AT_TOP = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/

/** The text of package.json with `dependencies` from that of package-lock.json, and nothing for development. */
export function pinDependencies(manifest: string, lock: string): string {
  const { devDependencies: _, ...rest } = JSON.parse(manifest) as Record<string, object>
  const { packages } = JSON.parse(lock) as { readonly packages: Readonly<Record<string, Locked>> }
  const dependencies = Object.fromEntries(
    Object.entries(packages).flatMap(([path, { version, dev, optional, devOptional }]) => {
      const name = AT_TOP.exec(path)?.[1]
      return name === undefined || dev || optional || devOptional ? [] : [[name, version]]
    }),
  )
  return `${JSON.stringify({ ...rest, dependencies }, null, 2)}\n`
}
