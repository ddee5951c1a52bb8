<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** WHMCS's own settings (`tblconfiguration`): what it says about itself, and the few values this module keeps there. */
final class Settings
{
    private const TABLE = 'tblconfiguration';

    public static function get(string $name): string
    {
        return (string) Capsule::table(self::TABLE)->where('setting', $name)->orderBy('id')->value('value');
    }

    /** Null where there is no such setting: another release of WHMCS. */
    public static function kept(string $name): ?string
    {
        $row = Capsule::table(self::TABLE)->where('setting', $name)->orderBy('id')->first();
        return $row === null ? null : (string) $row->value;
    }

    public static function put(string $name, string $value): void
    {
        $now = date('Y-m-d H:i:s');
        $row = Capsule::table(self::TABLE)->where('setting', $name);
        // Nothing changed may mean that it already was so: MySQL counts changed rows, not found ones.
        if ($row->update(['value' => $value, 'updated_at' => $now]) === 0 && !$row->exists()) {
            $row = ['setting' => $name, 'value' => $value, 'created_at' => $now, 'updated_at' => $now];
            Capsule::table(self::TABLE)->insert($row);
        }
    }

    /** Stores a value only where none is yet, and tells which one counts. */
    public static function keepFirst(string $name, string $value): string
    {
        $kept = self::get($name);
        if ($kept !== '') {
            return $kept;
        }
        self::put($name, $value);
        return self::get($name);
    }

    /** Replaces a value only if it still is the expected one: of two processes one wins. */
    public static function replace(string $name, string $expected, string $value): bool
    {
        if ($expected === '' && self::get($name) === '') {
            self::put($name, '0');
            $expected = '0';
        }
        $row = Capsule::table(self::TABLE)->where('setting', $name)->where('value', $expected);
        return $row->update(['value' => $value, 'updated_at' => date('Y-m-d H:i:s')]) > 0;
    }
}
