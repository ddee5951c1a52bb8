<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/**
 * One server module on disk, loaded as WHMCS loads it: lib/ autoloaded under its namespace,
 * hooks.php at boot of every request, the entry file when a function is needed
 * (WHMCS developer docs, provisioning modules).
 */
final class ModuleFolder
{
    public readonly string $name;

    public function __construct(
        public readonly string $path,
        private readonly Captured $captured,
        private readonly Output $output
    ) {
        $this->name = basename($path);
        if (!preg_match('/^[a-z][a-z0-9]*$/', $this->name)) {
            throw new Refused("$this->name is no module name: one word, lowercase letters and digits");
        }
        if (!is_file($this->entry())) {
            throw new Refused('the module has no entry file ' . $this->entry());
        }
        $this->registerAutoload();
    }

    public function hasHooks(): bool
    {
        return is_file($this->path . '/hooks.php');
    }

    public function loadHooks(): void
    {
        $this->output->caught('hooks.php', fn () => require_once $this->path . '/hooks.php');
    }

    public function has(string $function): bool
    {
        $this->output->caught('entry file', fn () => require_once $this->entry());
        return function_exists($this->name . '_' . $function);
    }

    /** Calls a module function. An exception goes up: what becomes of it is the caller's rule. */
    public function call(string $function, mixed ...$arguments): mixed
    {
        if (!$this->has($function)) {
            throw new Refused("the module has no function {$this->name}_$function");
        }
        $entry = ['function' => $function, 'service_id' => self::serviceOf($arguments)];
        $started = hrtime(true);
        try {
            $result = $this->output->caught($function, fn (): mixed => ($this->name . '_' . $function)(...$arguments));
        } catch (\Throwable $thrown) {
            $entry['thrown'] = $thrown::class . ': ' . $thrown->getMessage();
            $this->captured->keep('calls', $entry + self::elapsed($started));
            throw $thrown;
        }
        $this->captured->keep('calls', $entry + ['result' => Json::safe($result)] + self::elapsed($started));
        return $result;
    }

    /** @return array<string, mixed> */
    public function metaData(): array
    {
        $meta = $this->has('MetaData') ? ($this->name . '_MetaData')() : [];
        return is_array($meta) ? $meta : [];
    }

    private function entry(): string
    {
        return $this->path . '/' . $this->name . '.php';
    }

    private function registerAutoload(): void
    {
        $prefix = 'WHMCS\\Module\\Server\\' . ucfirst($this->name) . '\\';
        spl_autoload_register(function (string $class) use ($prefix): void {
            $file = $this->path . '/lib/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
            if (str_starts_with($class, $prefix) && is_file($file)) {
                require_once $file;
            }
        });
    }

    /** @param array<int|string, mixed> $arguments */
    private static function serviceOf(array $arguments): int
    {
        $params = reset($arguments);
        return is_array($params) ? (int) ($params['serviceid'] ?? 0) : 0;
    }

    /** @return array{milliseconds: float} */
    private static function elapsed(int $started): array
    {
        return ['milliseconds' => round((hrtime(true) - $started) / 1e6, 3)];
    }
}
