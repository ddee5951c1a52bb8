<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** Configurable options. Types: 1 dropdown, 2 radio, 3 yes/no, 4 quantity (sample module's overview template). */
final class ConfigurableOptions
{
    private const TYPES = ['dropdown' => 1, 'radio' => 2, 'yesno' => 3, 'quantity' => 4];

    /** @param list<array<string, mixed>> $options name, type, minimum, maximum, choices [{name, monthly}] */
    public function attach(int $productId, array $options): void
    {
        $group = Capsule::table('tblproductconfiggroups')->insertGetId(['name' => "Options of product $productId"]);
        Capsule::table('tblproductconfiglinks')->insert(['gid' => $group, 'pid' => $productId]);
        foreach ($options as $option) {
            $id = (int) Capsule::table('tblproductconfigoptions')->insertGetId([
                'gid' => $group,
                'optionname' => (string) $option['name'],
                'optiontype' => self::TYPES[(string) ($option['type'] ?? 'dropdown')],
                'qtyminimum' => (int) ($option['minimum'] ?? 0),
                'qtymaximum' => (int) ($option['maximum'] ?? 0),
            ]);
            foreach ($option['choices'] ?? [['name' => (string) $option['name']]] as $choice) {
                $this->addChoice($id, $choice);
            }
        }
    }

    /** @return list<array<string, mixed>> option rows, each with its "choices" */
    public function ofProduct(int $productId): array
    {
        $rows = Capsule::table('tblproductconfigoptions as o')
            ->join('tblproductconfiglinks as l', 'l.gid', '=', 'o.gid')
            ->where('l.pid', $productId)->orderBy('o.order')->orderBy('o.id')->get(['o.*']);
        return array_map(static function (object $row): array {
            $choices = Capsule::table('tblproductconfigoptionssub')->where('configid', $row->id)->orderBy('id')->get();
            return (array) $row + ['choices' => array_map(static fn (object $c): array => (array) $c, $choices->all())];
        }, $rows->all());
    }

    /**
     * Reads what a person chose, by option name, into what WHMCS stores.
     *
     * @param array<string, mixed> $chosen option name => choice name, quantity, or yes/no
     * @return list<array{configid: int, optionid: int, qty: int, option: array<string, mixed>}>
     */
    public function selections(int $productId, array $chosen): array
    {
        $selections = [];
        foreach ($this->ofProduct($productId) as $option) {
            $name = Text::beforePipe((string) $option['optionname']);
            $wanted = $chosen[$name] ?? $chosen[(int) $option['id']] ?? null;
            $selections[] = $this->selection($option, $wanted);
        }
        return $selections;
    }

    public function store(int $serviceId, int $configId, int $optionId, int $quantity): void
    {
        Capsule::table('tblhostingconfigoptions')->updateOrInsert(
            ['relid' => $serviceId, 'configid' => $configId],
            ['optionid' => $optionId, 'qty' => $quantity]
        );
    }

    /**
     * As $params['configoptions'] has them: dropdown the part before the pipe, quantity a number, yes/no 0 or 1.
     *
     * @return array<string, int|string>
     */
    public function values(int $serviceId): array
    {
        $values = [];
        $productId = (int) Capsule::table('tblhosting')->where('id', $serviceId)->value('packageid');
        foreach ($this->ofProduct($productId) as $option) {
            $row = Capsule::table('tblhostingconfigoptions')->where('relid', $serviceId)
                ->where('configid', $option['id'])->first();
            $name = Text::beforePipe((string) $option['optionname']);
            if ((int) $option['optiontype'] >= 3) {
                $values[$name] = (int) ($row->qty ?? 0);
                continue;
            }
            $values[$name] = '';
            foreach ($option['choices'] as $choice) {
                if ((int) $choice['id'] === (int) ($row->optionid ?? 0)) {
                    $values[$name] = Text::beforePipe((string) $choice['optionname']);
                }
            }
        }
        return $values;
    }

    /** What a set of selections adds to a service's price in one cycle. */
    public function price(array $selections, string $cycle): float
    {
        $sum = 0.0;
        foreach ($selections as $selection) {
            $price = Capsule::table('tblpricing')->where('type', 'configoptions')
                ->where('relid', $selection['optionid'])->value(Cycle::priceColumn($cycle));
            $times = (int) $selection['option']['optiontype'] >= 3 ? $selection['qty'] : 1;
            $sum += max(0.0, (float) $price) * $times;
        }
        return $sum;
    }

    /** @param array<string, mixed> $choice */
    private function addChoice(int $configId, array $choice): void
    {
        $row = ['configid' => $configId, 'optionname' => (string) $choice['name']];
        $id = (int) Capsule::table('tblproductconfigoptionssub')->insertGetId($row);
        Catalogue::setPricing('configoptions', $id, array_diff_key($choice, ['name' => true]));
    }

    /**
     * @param array<string, mixed> $option
     * @return array{configid: int, optionid: int, qty: int, option: array<string, mixed>}
     */
    private function selection(array $option, mixed $wanted): array
    {
        $first = (int) ($option['choices'][0]['id'] ?? 0);
        $selection = ['configid' => (int) $option['id'], 'optionid' => $first, 'qty' => 0, 'option' => $option];
        if ((int) $option['optiontype'] >= 3) {
            $quantity = $wanted === null ? (int) $option['qtyminimum'] : (int) $wanted;
            return ['qty' => $quantity] + $selection;
        }
        foreach ($option['choices'] as $choice) {
            $names = [$choice['optionname'], Text::beforePipe((string) $choice['optionname']), (string) $choice['id']];
            if ($wanted !== null && in_array((string) $wanted, $names, true)) {
                $selection['optionid'] = (int) $choice['id'];
            }
        }
        return $selection;
    }
}
