<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** Values of configurable options, read where WHMCS hands over no $params. */
final class ConfigurableOption
{
    private const QUANTITY = 4;

    /** The value a service has of the option of that name; '' when it has none. */
    public static function ofService(int $serviceId, string $name): string
    {
        $rows = Capsule::table('tblhostingconfigoptions as h')
            ->join('tblproductconfigoptions as o', 'o.id', '=', 'h.configid')
            ->leftJoin('tblproductconfigoptionssub as s', 's.id', '=', 'h.optionid')
            ->where('h.relid', $serviceId)
            ->select(['o.optionname as name', 'o.optiontype as type', 'h.qty as quantity', 's.optionname as choice'])
            ->get();
        foreach ($rows as $row) {
            $option = Params::of((array) $row);
            if (self::isNamed($option->text('name'), $name)) {
                return $option->number('type') === self::QUANTITY
                    ? (string) $option->number('quantity') : self::beforePipe($option->text('choice'));
            }
        }
        return '';
    }

    /**
     * What a cart line chose, where the cart holds `option id => choice id or quantity`.
     *
     * @param array<mixed> $chosen
     */
    public static function ofCart(array $chosen, string $name): string
    {
        foreach ($chosen as $optionId => $value) {
            $row = Capsule::table('tblproductconfigoptions')->where('id', (int) $optionId)->first();
            $option = Params::of((array) $row);
            if (!is_scalar($value) || !self::isNamed($option->text('optionname'), $name)) {
                continue;
            }
            if ($option->number('optiontype') === self::QUANTITY) {
                return (string) (int) $value;
            }
            $choice = Capsule::table('tblproductconfigoptionssub')->where('id', (int) $value)->value('optionname');
            return self::beforePipe(Params::of(['choice' => (string) $choice])->text('choice'));
        }
        return '';
    }

    /**
     * Every number a product's option of that name can lead to; a quantity's are its bounds.
     *
     * @return list<string>
     */
    public static function choices(int $productId, string $name): array
    {
        $rows = Capsule::table('tblproductconfigoptions as o')
            ->join('tblproductconfiglinks as l', 'l.gid', '=', 'o.gid')->where('l.pid', $productId)
            ->select(['o.id', 'o.optionname', 'o.optiontype', 'o.qtyminimum', 'o.qtymaximum'])->get();
        $choices = [];
        foreach ($rows as $row) {
            $option = Params::of((array) $row);
            if (!self::isNamed($option->text('optionname'), $name)) {
                continue;
            }
            if ($option->number('optiontype') === self::QUANTITY) {
                $least = max(1, $option->number('qtyminimum'));
                array_push($choices, (string) $least, (string) max($least, $option->number('qtymaximum') ?: 9999));
                continue;
            }
            $names = Capsule::table('tblproductconfigoptionssub')->where('configid', $option->number('id'))
                ->orderBy('id')->pluck('optionname')->all();
            foreach ($names as $choice) {
                $choices[] = self::count(self::beforePipe(Params::of(['choice' => (string) $choice])->text('choice')));
            }
        }
        return array_values(array_unique($choices));
    }

    /** `2 connections`, as a choice may be labelled, counts as `2`; `3.5` and `abc` stay, for the bridge to refuse. */
    public static function count(string $text): string
    {
        return preg_match('/^([1-9]\d{0,3})(?![\d.,:+\/*-])/', $text, $found) === 1 ? $found[1] : $text;
    }

    /** `value|label` names keep the part before the pipe. */
    private static function beforePipe(string $name): string
    {
        return trim(explode('|', $name, 2)[0]);
    }

    private static function isNamed(string $stored, string $name): bool
    {
        return strcasecmp(self::beforePipe($stored), $name) === 0;
    }
}
