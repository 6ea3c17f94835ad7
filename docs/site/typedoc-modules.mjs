// Modules are called as they are imported.
import { readFileSync } from 'node:fs';
import { Converter, ReflectionKind } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const folder = /^([\w-]+)\/src$/.exec(module.name)?.[1];
      if (folder === undefined) continue;
      const manifest = new URL(`../../packages/${folder}/package.json`, import.meta.url);
      module.name = JSON.parse(readFileSync(manifest, 'utf8')).name;
    }
  });
}
