/** The programs of other people that an interop run needs. Nothing is installed here: what is missing is said. */
import { spawnSync } from 'node:child_process';

export interface Program {
  /** A command and arguments that end well where it is installed. */
  readonly probe: readonly [string, ...string[]];
  readonly name: string;
  /** The package of Debian and Ubuntu that brings it. */
  readonly package: string;
}

export const TSHARK: Program = { probe: ['tshark', '--version'], name: 'tshark', package: 'tshark' };
export const NET_SMPP: Program = {
  probe: ['perl', '-MNet::SMPP', '-MJSON::PP', '-e', 'print $Net::SMPP::VERSION'],
  name: "Perl's Net::SMPP",
  package: 'libnet-smpp-perl',
};
export const KANNEL: Program = { probe: ['bearerbox', '--version'], name: 'Kannel', package: 'kannel' };

/** Debian keeps daemons where the path of an ordinary user does not lead. */
export const SEARCHED: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`,
};

/** What the program says of its version, or undefined when it is not there. */
export function versionOf({ probe: [command, ...words] }: Program): string | undefined {
  const said = spawnSync(command, words, { encoding: 'utf8', env: SEARCHED, timeout: 20_000 });
  if (said.error !== undefined || said.status !== 0) return undefined;
  return said.stdout.split('\n')[0].trim();
}

/** Why a part can not run, in words that say what to do; empty: nothing is missing. */
export function missing(programs: readonly Program[]): string {
  const absent = programs.filter((program) => versionOf(program) === undefined);
  if (absent.length === 0) return '';
  const names = absent.map(({ name }) => name).join(', ');
  const packages = absent.map((program) => program.package).join(' ');
  return `${names} not installed; on Debian or Ubuntu: apt-get install --no-install-recommends ${packages}`;
}
