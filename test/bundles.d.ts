declare module '*/bundles.mjs' {
  import { type BuildOptions } from 'esbuild';

  export const commandBundle: BuildOptions;
  export const pageBundle: BuildOptions;
}
