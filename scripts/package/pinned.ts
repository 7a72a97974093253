// The dependencies of the package as it is packed: every package of package-lock.json that it needs, by its exact version.
//
// npm-shrinkwrap.json would say the same, but npm reads none in a tarball that is installed from a file (9.9.4, 10.9.9 and 11.19.1 take
// the newest version in range); from a registry it (11.19) installs what is listed for every platform, 1.4 GB with every Node and every
// binding, and runs the install scripts of optional peers.
//
// Where one name is there in two versions, the one that is not at the top follows the range of the package that it is for: nothing that
// npm reads in a dependency pins it. A test has the list of them.

type Locked = {
  readonly version?: string
  readonly dev?: boolean
  /** Of one platform, or an optional peer: the packages that name it pin it. */
  readonly optional?: boolean
  readonly devOptional?: boolean
}

/** `node_modules/NAME`, and of no package alone. */
const AT_TOP = /^node_modules\/((?:@[^/]+\/)?[^/]+)$/

/** `node_modules/OWNER/node_modules/NAME` of each package that is below another and is needed, without its version. */
export function nestedPackages(lock: string): readonly string[] {
  return Object.entries(readPackages(lock)).flatMap(([path, locked]) =>
    path === '' || AT_TOP.test(path) || !isNeeded(locked) ? [] : [path],
  )
}

/** The text of package.json with `dependencies` from that of package-lock.json, and nothing for development. */
export function pinDependencies(manifest: string, lock: string): string {
  const { devDependencies: _, ...rest } = JSON.parse(manifest) as Record<string, object>
  const dependencies = Object.fromEntries(
    Object.entries(readPackages(lock)).flatMap(([path, locked]) => {
      const name = AT_TOP.exec(path)?.[1]
      return name === undefined || !isNeeded(locked) ? [] : [[name, locked.version]]
    }),
  )
  return `${JSON.stringify({ ...rest, dependencies }, null, 2)}\n`
}

function readPackages(lock: string): Readonly<Record<string, Locked>> {
  return (JSON.parse(lock) as { readonly packages: Readonly<Record<string, Locked>> }).packages
}

function isNeeded({ dev, optional, devOptional }: Locked): boolean {
  return !dev && !optional && !devOptional
}
