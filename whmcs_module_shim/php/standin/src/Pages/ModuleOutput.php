<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\Params;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Templates;

/** What ClientArea returns, in each of its forms (WHMCS developer docs and sample module). */
final class ModuleOutput
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $variables what the page itself provides
     * @return array{markup: string, replaces: bool}
     */
    public function of(int $serviceId, array $variables): array
    {
        $params = (new Params($this->shop))->ofService($serviceId);
        if (!$this->shop->module()->has('ClientArea')) {
            $hasFile = is_file($this->shop->module()->path . '/clientarea.tpl');
            return ['markup' => $hasFile
                ? $this->template('clientarea.tpl', $params + $variables) : '', 'replaces' => false];
        }
        $output = $this->shop->module()->call('ClientArea', $params);
        if (!is_array($output)) {
            return ['markup' => (string) $output, 'replaces' => false];
        }
        if (isset($output['templatefile'])) {
            $file = $output['templatefile'] . '.tpl';
            return ['markup' => $this->template($file, (array) ($output['vars'] ?? []) + $variables),
                'replaces' => false];
        }
        $file = $output['tabOverviewReplacementTemplate'] ?? $output['tabOverviewModuleOutputTemplate'] ?? null;
        $more = (array) ($output['templateVariables'] ?? []);
        return [
            'markup' => $file === null ? '' : $this->template((string) $file, $more + $variables),
            'replaces' => isset($output['tabOverviewReplacementTemplate']),
        ];
    }

    /**
     * @param string $file relative to the module's folder
     * @param array<string, mixed> $variables
     */
    public function template(string $file, array $variables): string
    {
        return (new Templates())->file($this->shop->module()->path . '/' . $file, $variables);
    }
}
