<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** One request to the imitated WHMCS: its database, clock, hooks, module and what it captured. */
final class Shop
{
    private static ?self $current = null;

    public readonly Settings $settings;
    public readonly Clock $clock;
    public readonly Captured $captured;
    public readonly Output $output;
    public readonly Hooks $hooks;
    private ?ModuleFolder $module = null;

    private function __construct(string $databaseFile)
    {
        if (!is_file($databaseFile)) {
            touch($databaseFile);
        }
        $capsule = new Capsule();
        $capsule->addConnection(['driver' => 'sqlite', 'database' => $databaseFile, 'prefix' => '']);
        $capsule->setAsGlobal();
        $capsule->bootEloquent();
        // Durability is of no use to an imitation; several requests at once are.
        Capsule::connection()->getPdo()->exec('PRAGMA busy_timeout = 20000; PRAGMA synchronous = OFF');
        $this->settings = new Settings();
        $this->clock = new Clock($this->settings);
        $this->captured = new Captured();
        $this->output = new Output($this->captured);
        $this->hooks = new Hooks($this->captured, $this->output);
    }

    public static function open(string $databaseFile): self
    {
        self::$current = new self($databaseFile);
        return self::$current;
    }

    public static function current(): self
    {
        return self::$current ?? throw new Refused('no request is open');
    }

    /** Loads hooks.php if WHMCS has noted that the module has one. */
    public function boot(): void
    {
        $path = $this->settings->own('module_path');
        $this->module = new ModuleFolder($path, $this->captured, $this->output);
        if (!defined('ROOTDIR')) {
            define('ROOTDIR', dirname($path, 3));
        }
        // A hooks.php is loaded only once WHMCS noted it in ModuleHooks (WHMCS developer docs, hooks;
        // the row's name seen in panelalpha-for-whmcs).
        $noted = explode(',', (string) $this->settings->configuration('ModuleHooks'));
        if ($this->module->hasHooks() && in_array($this->module->name, $noted, true)) {
            $this->module->loadHooks();
        }
    }

    public function module(): ModuleFolder
    {
        return $this->module ?? throw new Refused('the stand-in is not installed yet');
    }

    /** WHMCS notes hooks.php when the module becomes active: when a product using it is saved. */
    public function noteModuleHooks(): void
    {
        $noted = array_filter(explode(',', (string) $this->settings->configuration('ModuleHooks')));
        if ($this->module()->hasHooks() && !in_array($this->module()->name, $noted, true)) {
            $this->settings->setConfiguration('ModuleHooks', implode(',', [...$noted, $this->module()->name]));
            $this->module()->loadHooks();
        }
    }

    public function encrypt(string $clear): string
    {
        return Text::encrypt($clear, $this->settings->own('encryption_key'));
    }

    public function decrypt(string $sealed): string
    {
        return Text::decrypt($sealed, $this->settings->own('encryption_key'));
    }

    public function logActivity(string $message, int $clientId = 0): void
    {
        Capsule::table('tblactivitylog')->insert([
            'date' => $this->clock->stamp(),
            'description' => $message,
            'user' => 'System',
            'userid' => $clientId,
        ]);
        $this->captured->keep('activity', ['message' => $message, 'client_id' => $clientId]);
    }

    /** @return array<string, mixed> one row, or refused */
    public static function row(string $table, int $id): array
    {
        $row = Capsule::table($table)->where('id', $id)->first();
        return $row === null ? throw new Refused("$table has no row $id") : (array) $row;
    }
}
