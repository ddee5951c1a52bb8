<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** The stand-in's own settings (module folder, clock, switches) and WHMCS's tblconfiguration. */
final class Settings
{
    /** Switches that WHMCS has as settings of its own, by their names as open API clients read them. */
    private const SHOWN_AS = [
        'automatic_credit_use' => ['NoAutoApplyCredit' => ['no' => 'on', 'yes' => '']],
        'credit_on_downgrade' => ['CreditOnDowngrade' => ['no' => '', 'yes' => 'on']],
        'invoice_release' => ['Version' => ['v9_0' => '9.0.3', 'v8_13' => '8.13.1']],
    ];

    /** @var array<string, true> */
    private array $asked = [];

    public function own(string $name, string $default = ''): string
    {
        $value = Capsule::table('standin_settings')->where('name', $name)->value('value');
        return $value === null ? $default : (string) $value;
    }

    public function setOwn(string $name, string $value): void
    {
        Capsule::table('standin_settings')->updateOrInsert(['name' => $name], ['value' => $value]);
    }

    public function configuration(string $setting): ?string
    {
        $value = Capsule::table('tblconfiguration')->where('setting', $setting)->value('value');
        return $value === null ? null : (string) $value;
    }

    public function setConfiguration(string $setting, string $value): void
    {
        Capsule::table('tblconfiguration')->updateOrInsert(['setting' => $setting], ['value' => $value]);
    }

    public function isOn(string $setting): bool
    {
        return $this->configuration($setting) === 'on';
    }

    public function days(string $setting): int
    {
        return (int) $this->configuration($setting);
    }

    /** The position of a switch; see Switches for the list. */
    public function position(string $switch): string
    {
        $this->asked[$switch] = true;
        return $this->own('switch.' . $switch, Switches::defaultOf($switch));
    }

    /** @return list<string> the switches that had a say in this request, so that a test can tell that its own did */
    public function asked(): array
    {
        return array_keys($this->asked);
    }

    public function says(string $switch, string $position = 'yes'): bool
    {
        return $this->position($switch) === $position;
    }

    public function turn(string $switch, string $position): void
    {
        Switches::check($switch, $position);
        $this->setOwn('switch.' . $switch, $position);
        foreach (self::SHOWN_AS[$switch] ?? [] as $setting => $values) {
            $this->setConfiguration($setting, $values[$position]);
        }
    }
}
