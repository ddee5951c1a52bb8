<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * Who is calling: this WHMCS, told by its system URL and by a random id it keeps.
 *
 * The bridge binds an installation to the pair at first use, so that a staging copy of a shop (other URL, same id)
 * cannot touch live customers.
 */
final class Identity
{
    public const INSTALLATION = 'PanelbridgeInstallation';

    public static function installation(): string
    {
        $id = Settings::get(self::INSTALLATION);
        if ($id === '') {
            $id = Settings::keepFirst(self::INSTALLATION, bin2hex(random_bytes(16)));
            Guarded::orElse('first use', static fn () => PaidItems::startHere(), null);
        }
        return $id;
    }

    public static function systemUrl(): string
    {
        return Settings::get('SystemURL');
    }

    public static function whmcsVersion(): string
    {
        return Settings::get('Version');
    }
}
