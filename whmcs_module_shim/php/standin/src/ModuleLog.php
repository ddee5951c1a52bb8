<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** logModuleCall: masks by value, with asterisks of the same length (WHMCS/developer-docs#251). */
final class ModuleLog
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array{0: mixed, 1: mixed, 2: mixed} $parts request, response, processed
     * @param array<mixed> $replacements values to mask
     */
    public function write(string $module, string $action, array $parts, array $replacements): void
    {
        // Off by default in WHMCS, and then a call does nothing (WHMCS developer docs, module logging).
        if (!$this->shop->settings->isOn('ModuleDebugMode')) {
            return;
        }
        $mask = fn (mixed $part): string => $this->masked($part, $replacements);
        [$request, $response, $processed] = array_map($mask, $parts);
        Capsule::table('tblmodulelog')->insert([
            'date' => $this->shop->clock->stamp(),
            'module' => $module,
            'action' => $action,
            'request' => $request,
            'response' => $response,
            'arrdata' => $processed,
        ]);
        $entry = compact('module', 'action', 'request', 'response', 'processed');
        $this->shop->captured->keep('module_log', $entry + ['masked_values' => count($replacements)]);
    }

    /** @param array<mixed> $replacements */
    private function masked(mixed $part, array $replacements): string
    {
        $text = is_string($part) ? $part : print_r($part, true);
        foreach ($replacements as $value) {
            if (is_scalar($value) && (string) $value !== '') {
                $text = str_replace((string) $value, str_repeat('*', strlen((string) $value)), $text);
            }
        }
        return $text;
    }
}
